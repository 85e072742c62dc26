/** What a connection under load is: it sends requests, checks and times their answers. */
import type { Clock } from "../core/clock.ts";
import type { TcpInfo } from "../net/tcp_info.ts";
import type { Part } from "../probe/round_trip.ts";
import type { Exchange } from "../probe/exchange.ts";

const SMALL_BYTES = 16 * 1024;

/** Whether the system takes all requests of a connection at once, whatever the peer reads. */
export function isSmall({ size, pipeline }: Pick<LaneOptions, "size" | "pipeline">): boolean {
  return size * pipeline <= SMALL_BYTES;
}

/** The answer to a request. Moments are in milliseconds of the clock. */
export interface LaneAnswer {
  /** When the request was due. */
  readonly due: number;
  readonly sent: number;
  readonly now: number;
  /** Whether the bytes are those that were sent. */
  readonly intact: boolean;
  /** How long each part took, for a connection of its own. */
  readonly parts?: readonly Part[];
}

/** Called with the outcome of requests. */
export interface LaneEvents {
  onAnswer(lane: Lane, answer: LaneAnswer): void;
  /** A request got no answer, or its connection was lost. */
  onFailure(lane: Lane, failure: { readonly due: number; readonly error: unknown }): void;
  /** An answer came to no request that waits for one. */
  onStray(kind: string): void;
  /** The connection is closed; every request has been reported, unless `idle` says that none was. */
  onEnd(lane: Lane, ending: LaneEnding): void;
}

/** How a connection was lost. */
export interface LaneEnding {
  /** Why; undefined where nothing went wrong. */
  readonly error: unknown;
  /** Whether no request waited for an answer. */
  readonly idle: boolean;
  /** Whether the peer ended it, after more right answers than are owed now. */
  readonly served: boolean;
  /** What the system knew of it, where it tells. */
  readonly tcp?: TcpInfo | undefined;
}

/** Sends requests over one connection, or over one connection for each. */
export interface Lane {
  /** Which of the load's connections it is, from 0 on, also when it was made again. */
  readonly slot: number;
  /** Sends a request. At most `pipeline` may be under way. */
  request(due: number): void;
  /** Gives up the requests that were sent at `moment` or before. */
  giveUp(moment: number): void;
  /** Closes the connection; requests under way are reported as failed. */
  close(error: unknown): void;
}

/** How a {@linkcode Lane} works. */
export interface LaneOptions {
  readonly slot: number;
  readonly clock: Clock;
  /** Bytes of a request at most. */
  readonly size: number;
  readonly exchange: Exchange;
  /** Requests that may wait at once. */
  readonly pipeline: number;
  readonly events: LaneEvents;
}

/** The error of a request whose answer did not come in time. */
export const TIMED_OUT = new Error("no answer in time");

/** The same, where something came that is no whole answer, or not the one that is expected. */
export const INCOMPLETE = new Error("no whole answer in time");

/** The error of a request whose connection the peer closed. */
export const CLOSED = new Error("closed by the peer");

/** The same, in the middle of an answer. */
export const CUT_SHORT = new Error("closed by the peer in the middle of an answer");
