/** A load, as the command line asks for it. */
import type { ExchangeSpec } from "../probe/own_request.ts";

/** The load to make. Times in milliseconds. */
export interface LoadOptions {
  readonly connections: number;
  /** Bytes of a message or, of an exchange of one's own, of a request at most. */
  readonly size: number;
  /** What is asked instead of an echo. */
  readonly exchanges?: readonly ExchangeSpec[] | undefined;
  /** Requests that may wait at once on a connection. */
  readonly pipeline: number;
  /** Requests a second, whatever becomes of them: an open loop. Without it a closed loop. */
  readonly rate: number | undefined;
  /** How long to measure, unless `requests` ends it before. */
  readonly duration: number;
  /** How many requests to measure. */
  readonly requests: number | undefined;
  /** How long to run before measuring. */
  readonly warmup: number;
  /** How long to take to the full rate, or the full number of connections; before the warm-up. */
  readonly ramp: number;
  /** How much later than at the beginning the schedule begins: that of one worker of several. */
  readonly offset?: number;
  /** Whether each request has a connection of its own. */
  readonly connect: boolean;
  /** How long an answer may take. */
  readonly timeout: number;
  /** How long a connection may take to be made. */
  readonly connectTimeout: number;
  /** How long a slice of the timeline lasts. */
  readonly slice: number;
}

/** What is asked for, and on how many threads. */
export interface BenchLoad extends LoadOptions {
  readonly workers: number;
  /** Whether the peer is in this program. */
  readonly self: boolean;
}

const HELD_RATIO = 0.99; // of what was asked for

/** Whether a rate was reached, as near as a measurement can tell. */
export function isHeld(rate: number, { target }: { readonly target: number }): boolean {
  return rate >= target * HELD_RATIO;
}
