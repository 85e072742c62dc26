/** What a client mode is. Each is one file here and one line in `table.ts`. */
import { formatAddress } from "../address.ts";
import type { Clock } from "../clock.ts";
import { explain, isReset, NetworkError } from "../errors.ts";
import type { Log } from "../events/log.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Reads } from "../net/chunks.ts";
import type { Output } from "../output.ts";
import { duration, flag, type OptionTable, type Values } from "../options.ts";
import type { Named } from "../table.ts";

const SILENCE = 1000;

/** What a mode works with. */
export interface ModeContext {
  /** Connects to the peer, or throws a NetworkError naming what was tried. */
  readonly dial: () => Promise<Duplex>;
  readonly input: Reads;
  readonly output: Output & { isTerminal(): boolean };
  /** Prints a line on stderr. */
  readonly say: (line: string) => Promise<void>;
  /** A log of payload as `--show` asks for, by default on stderr. */
  readonly openLog: (to?: Output) => Log;
  /** Whether to say on stderr how much has passed. */
  readonly verbose: boolean;
  readonly clock: Clock;
}

/** One thing that the client can do with a peer. */
export interface Mode extends Named {
  /** Whether it is for somebody at a terminal, or for any stdin and stdout. */
  readonly terminal: boolean;
  readonly options: OptionTable;
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

/** How long to wait for the peer after the end of input, in milliseconds: UDP has no end to see. */
export function lingerFor(peer: Duplex, linger: number | undefined): number | undefined {
  return linger ?? (peer.framed ? SILENCE : undefined);
}

/** Options of every mode that talks to a peer. */
export const talking = {
  crlf: flag({ summary: "end lines with CR LF" }),
  linger: duration(undefined, {
    summary: "after the end of input, wait at most D for the peer to finish (default: no limit; " +
      "1s over UDP)",
  }),
};
