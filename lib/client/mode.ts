/** What a client mode is. Each is one file here and one line in `table.ts`. */
import type { Reader, Screen, Writer } from "../core/io.ts";
import { type Address, formatAddress } from "../net/address.ts";
import type { Clock } from "../core/clock.ts";
import { parseExpectation } from "../probe/expect.ts";
import { explain, isReset, NetworkError } from "../core/errors.ts";
import type { Log } from "../log/log.ts";
import type { Duplex } from "../net/duplex.ts";
import type { DialOptions } from "../net/transport.ts";
import { duration, flag, list, type OptionTable, type Values } from "../cli/options.ts";
import type { Shutdown } from "../core/signals.ts";
import type { Named } from "../core/named.ts";

/** How a mode dials: by default as the command line says. */
export interface DialRequest extends Partial<Pick<DialOptions, "onPhase">> {
  /** Milliseconds that it may take, where that is less than `--connect-timeout`. */
  readonly atMost?: number;
  /** Whether a failure is final, whatever `--retry` says. */
  readonly once?: boolean;
}

/** What a mode works with. */
export interface ModeContext {
  /** The peer, as the command line names it. */
  readonly address: Address;
  /** The values of all options, for the transports. */
  readonly values: Values<OptionTable>;
  /** What stands on the command line besides options. */
  readonly positionals: readonly string[];
  /** The command line, as it was given. */
  readonly args: readonly string[];
  /** Milliseconds that connecting may take. */
  readonly connectTimeout: number;
  /** Whether nothing tells that the peer is there, or gone. */
  readonly connectionless: boolean;
  /** Connects to the peer, or throws a NetworkError naming what was tried. */
  readonly dial: (request?: DialRequest) => Promise<Duplex>;
  readonly input: Reader;
  readonly output: Screen;
  readonly errors: Screen;
  /** Takes over the signals that end a process, and learns of them. */
  readonly signals: () => Shutdown;
  /** Prints a line on stderr. */
  readonly say: (line: string) => Promise<void>;
  /** A log of payload as `--show` asks for, by default on stderr. */
  readonly openLog: (to?: Writer) => Log;
  /** Whether to say on stderr how much has passed. */
  readonly verbose: boolean;
  readonly clock: Clock;
}

/** One thing that the client can do with a peer. */
export interface Mode extends Named {
  /** Whether it is for somebody at a terminal, or for any stdin and stdout. */
  readonly terminal?: boolean;
  /** The keys of options that choose it; without any it is for whoever asks for nothing else. */
  readonly chosenBy?: readonly string[];
  readonly options: OptionTable;
  /** Whether it talks to nobody: the arguments are its own. */
  readonly peerless?: boolean;
  /** A command line that shows it. */
  readonly example: string;
  /** Returns the exit code, or throws what `main.ts` prints. */
  run(context: ModeContext, values: Values<OptionTable>): Promise<number>;
}

/** Declares a mode whose `run` knows the types of its options. */
export function defineMode<T extends OptionTable>(
  mode: Omit<Mode, "options" | "run"> & {
    readonly options: T;
    run(context: ModeContext, values: Values<T>): Promise<number>;
  },
): Mode {
  return mode as Mode;
}

/** The error that a mode ends with when the connection has failed. */
export function failureOf(peer: Duplex, error: unknown): NetworkError {
  if (error instanceof NetworkError) return error;
  const remote = formatAddress(peer.remote);
  const message = isReset(error)
    ? `The peer reset the connection (${remote})`
    : `The connection failed (${remote}): ${explain(error)}`;
  return new NetworkError(message, { cause: error });
}

/** What the peer is expected to say. */
export const expecting = {
  expect: list({
    summary:
      "wait until the peer says this (repeatable, in order); with --wait, also echo: until " +
      "it echoes a message",
    placeholder: "TEXT|/regex/",
    read: (text) => [parseExpectation(text)],
  }),
};

/** The same option of whoever compares what comes. */
export const verifying = {
  verify: flag({
    summary: "fail unless what comes back is what was sent, or with --replay what was recorded",
  }),
};

/** Options of every mode that talks to a peer. */
export const talking = {
  crlf: flag({ summary: "end lines with CR LF" }),
  linger: duration(undefined, {
    summary: "after the end of input, wait at most D for the peer to finish (default: no limit; " +
      "1s over UDP)",
  }),
};
