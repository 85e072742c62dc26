/** Statistics of numbered messages. */
import type { Histogram } from "../core/histogram.ts";

/** Counts of messages and answers. */
export interface Counts {
  sent: number;
  /** Messages that were answered, the late ones included. */
  received: number;
  /** Answered after the time-out. */
  late: number;
  /** Answers that differ from what was sent. */
  corrupt: number;
  /** Answers beyond the first to a message. */
  duplicated: number;
  /** Answers that came after the answer to a later message. */
  reordered: number;
  /** Answers to no message. */
  unknown: number;
}

/** Counts, the distribution of the round trips, and how much they vary. */
export class PingStatistics {
  readonly counts: Counts = {
    sent: 0,
    received: 0,
    late: 0,
    corrupt: 0,
    duplicated: 0,
    reordered: 0,
    unknown: 0,
  };
  readonly roundTrips: Histogram;
  #givenUp = 0;
  #awaited = 0;
  #jitter = 0;
  #last: number | undefined;

  constructor(roundTrips: Histogram) {
    this.roundTrips = roundTrips;
  }

  /** Records a round trip, in milliseconds. */
  record(roundTrip: number): void {
    this.roundTrips.record(roundTrip);
    // RFC 3550 section 6.4.1: the mean difference between neighbours, smoothed by 1/16.
    const change = Math.abs(roundTrip - (this.#last ?? roundTrip));
    this.#jitter += (change - this.#jitter) / 16;
    this.#last = roundTrip;
  }

  /** Interarrival jitter (RFC 3550), in milliseconds. */
  get jitter(): number {
    return this.#jitter;
  }

  /** Messages that were given up, or had no answer when the connection failed. */
  get lost(): number {
    return this.counts.sent - this.counts.received - this.#awaited;
  }

  /** Messages that still had time for an answer when the run was stopped. */
  get awaited(): number {
    return this.#awaited;
  }

  /** A message was given up. */
  giveUp(): void {
    this.#givenUp++;
  }

  /** A message that was given up has been answered after all. */
  takeBack(): void {
    this.#givenUp--;
  }

  /** The run is stopped: what was not given up yet might still have been answered. */
  stop(): void {
    const { sent, received } = this.counts;
    this.#awaited = sent - received - this.#givenUp;
  }
}
