/** What a client mode is. Each is one file in `modes/` and one line in `modes.ts`. */
import type { Reader, Screen, Writer } from "../core/io.ts";
import type { DialTarget } from "../bench/load_context.ts";
import type { Occurrence } from "../cli/parse.ts";
import { formatAddress, showAddress } from "../net/address.ts";
import type { DialRequest } from "./dialer.ts";
import type { Progress } from "./progress.ts";
import type { StatusLine, StatusOptions } from "../terminal/status_line.ts";
import type { Trace } from "./trace.ts";
import type { Clock } from "../core/clock.ts";
import { ExpiredError, NetworkError } from "../core/errors.ts";
import { explain, isReset } from "../core/explain.ts";
import type { Log } from "../log/log.ts";
import type { Duplex } from "../net/duplex.ts";
import { duration, flag, type OptionTable, type Values } from "../cli/options.ts";
import type { Shutdown } from "../core/signals.ts";
import type { Named } from "../core/named.ts";

/** The command line of a mode. */
export interface CommandLine {
  /** The arguments as they were given. */
  readonly args: readonly string[];
  /** The arguments that are no options. */
  readonly positionals: readonly string[];
  /** The options that were given, in their order. */
  readonly occurrences: readonly Occurrence[];
}

/** What a mode works with. */
export interface ModeContext {
  readonly commandLine: CommandLine;
  /** The peer, and the values of the transports' options. */
  readonly target: DialTarget;
  /** Milliseconds that connecting may take. */
  readonly connectTimeout: number;
  /** Whether the transport cannot tell that the peer is there, or gone. */
  readonly connectionless: boolean;
  /** Connects to the peer, or throws a NetworkError naming what was tried. */
  readonly dial: (request?: DialRequest) => Promise<Duplex>;
  /** All peers that are named: this one alone, but for a mode that takes several. */
  readonly peers: readonly ModePeer[];
  readonly input: Reader;
  /** Whether the input is typed on a terminal. */
  readonly isTyped: boolean;
  readonly output: Screen;
  readonly errors: Screen;
  /** Handles the signals that end a process. */
  readonly signals: () => Shutdown;
  /** A status line, as `--progress` asks for. */
  readonly openStatus: (
    output: Screen,
    options?: Pick<StatusOptions, "describeMissed">,
  ) => StatusLine;
  /** Shows that something takes long. */
  readonly progress: Progress;
  /** Prints a line on stderr. */
  readonly say: (line: string) => Promise<void>;
  /** A log of payload as `--show` asks for, by default on stderr. */
  readonly openLog: (to?: Writer) => Log;
  /** Tells more of the connection; absent where that was not asked for. */
  readonly trace: Trace | undefined;
  readonly clock: Clock;
}

/** A peer, and how to connect to it. */
export type ModePeer = Pick<ModeContext, "target" | "connectionless" | "dial">;

/** One thing that the client can do with a peer. */
export interface Mode extends Named {
  readonly options: OptionTable;
  /** The key of the option that chooses the mode. Two such options exclude each other. */
  readonly chosenBy?: string;
  /** Keys of options that choose it where no other mode is chosen. */
  readonly impliedBy?: readonly string[];
  /** For a mode that no option chooses: whether it is for a person at a terminal. */
  readonly terminal?: boolean;
  /** Whether the arguments name a peer (by default), or are the mode's own. */
  readonly needsPeer?: boolean;
  /** The port of a peer that is named without one. */
  readonly defaultPort?: number;
  /** Whether several peers may be named. */
  readonly takesSeveral?: boolean;
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

/**
 * Does the same with each peer, side by side, and shows those that are waited for. The work may tell
 * why it still waits.
 *
 * @throws the one error, or an {@linkcode ExpiredError} with the messages of all
 */
export async function forEachPeer(
  { peers, progress }: Pick<ModeContext, "peers" | "progress">,
  work: (peer: ModePeer, tell: (why: string) => void) => Promise<void>,
): Promise<void> {
  const pending = new Map<ModePeer, string>();
  const begin = async (peer: ModePeer) => {
    const name = showAddress(peer.target.address);
    pending.set(peer, name);
    try {
      await work(peer, (why) => pending.set(peer, `${name}: ${why}`));
    } finally {
      pending.delete(peer);
    }
  };
  const outcomes = await progress.during(
    Promise.allSettled(peers.map(begin)),
    () => `waiting for ${[...pending.values()].join("; ")}`,
  );
  const errors = outcomes.filter((each) => each.status === "rejected").map(({ reason }) => reason);
  const other = errors.find((error) => !(error instanceof ExpiredError));
  if (other) throw other;
  if (errors.length > 0) throw new ExpiredError(errors.map(({ message }) => message).join("; "));
}

/** The error of a mode whose connection has failed. */
export function failureOf(peer: Duplex, error: unknown): NetworkError {
  if (error instanceof NetworkError) return error;
  const remote = formatAddress(peer.remote);
  const message = isReset(error)
    ? `The peer reset the connection (${remote})`
    : `The connection failed (${remote}): ${explain(error)}`;
  return new NetworkError(message, { cause: error });
}

/** The option of modes that can compare what the peer sends. */
export const verifyOptions = {
  verify: flag({
    summary: "fail unless the peer sends back what it was sent, with --replay what was recorded; " +
      "with --throughput, unless every byte arrives as it was sent",
  }),
};

/** Options of every mode that talks to a peer. */
export const conversationOptions = {
  crlf: flag({ summary: "end lines with CR LF" }),
  linger: duration({
    summary: "after the end of input, wait at most D for the peer to finish (default: no limit; " +
      "1s over UDP; after a last --expect, until it is silent for 1s, or for --timeout)",
  }),
  noHalfClose: flag({
    summary:
      "send no FIN at the end of input, but when the peer or --linger ends the connection; " +
      "for peers that take a FIN for gone, as nginx does as a proxy, and nc -l -N",
  }),
};
