/** What a stream of a test is, whichever way it goes. */
import type { Clock } from "../core/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Payload } from "./payload.ts";

/** What has passed. */
export interface StreamCounts {
  readonly bytes: number;
  /** Over UDP: the datagrams that were sent; at a receiver the highest number that came. */
  readonly packets: number;
  /** Of those, how many did not come to the receiver. */
  readonly lost: number;
  readonly outOfOrder: number;
  /** Bytes that were others than those that were sent, where that was checked. */
  readonly corrupt: number;
}

/** One direction of a test's data over one connection. */
export interface DataStream {
  /** Its number in the results. */
  readonly id: number;
  readonly peer: Duplex;
  /** Whether this side sends. */
  readonly sends: boolean;
  /** What has passed since the beginning. */
  readonly counts: StreamCounts;
  /** When a receiver has read something last, in milliseconds of the clock. */
  readonly lastByteAt: number;
  /** Over UDP, at a receiver: how the time of datagrams varies (RFC 1889, 6.3.1), in milliseconds. */
  readonly jitterMs: number;
  /** Sends until the signal, or receives until the end of the connection. */
  run(stop: AbortSignal): Promise<void>;
}

/** What a stream needs. */
export interface StreamOptions {
  readonly id: number;
  readonly peer: Duplex;
  readonly payload: Payload;
  readonly bitsPerSecond?: number | undefined;
  /** How much may still be sent, all streams together. */
  readonly allowance?: Allowance | undefined;
  readonly wideNumbers: boolean;
  /**
   * Whether a sender ends its direction when it stops: a server does. iperf3's client reads whole
   * blocks at the end, and would wait for the rest of one.
   */
  readonly endsWithFin: boolean;
  /** Whether a receiver compares what comes with the payload. */
  readonly check: boolean;
  readonly clock: Clock;
}

/** Bytes that several streams may send together. */
export class Allowance {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes so many bytes, or what is left. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.#left);
    this.#left -= taken;
    return taken;
  }
}

/** Nothing. */
export const NO_COUNTS: StreamCounts = {
  bytes: 0,
  packets: 0,
  lost: 0,
  outOfOrder: 0,
  corrupt: 0,
};

/** What has been added since. */
export function countsSince(now: StreamCounts, before: StreamCounts): StreamCounts {
  return eachOf(now, before, (count, other) => count - other);
}

/** What has passed over two streams together. */
export function addCounts(one: StreamCounts, other: StreamCounts): StreamCounts {
  return eachOf(one, other, (count, more) => count + more);
}

function eachOf(
  one: StreamCounts,
  other: StreamCounts,
  of: (count: number, other: number) => number,
): StreamCounts {
  return {
    bytes: of(one.bytes, other.bytes),
    packets: of(one.packets, other.packets),
    lost: of(one.lost, other.lost),
    outOfOrder: of(one.outOfOrder, other.outOfOrder),
    corrupt: of(one.corrupt, other.corrupt),
  };
}
