/** What the numbers and times of datagrams tell of those that are missing. */

const MAX_MISSING = 2 ** 24; // datagrams in a row: more than two minutes of them
const MAX_DIFFERENCE_MS = 600_000;

/**
 * Counts loss and jitter as iperf3 does, in constant space: a gap in the numbers is loss until a
 * datagram comes that fills it, which is out of order.
 *
 * @example
 * ```ts
 * import { DatagramTracker } from "./datagram_tracker.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const tracker = new DatagramTracker();
 * for (const number of [1, 2, 5, 4]) tracker.add(number, 0);
 * assertEquals([tracker.highest, tracker.lost, tracker.outOfOrder], [5, 1, 1]);
 * ```
 */
export class DatagramTracker {
  /** The highest number that came. */
  highest = 0;
  /** How many below it did not come. */
  lost = 0;
  /** How many came after one of a higher number. */
  outOfOrder = 0;
  /** How the time that datagrams take varies (RFC 1889, section 6.3.1), in milliseconds. */
  jitterMs = 0;
  #lastTransit: number | undefined;

  /**
   * Adds a datagram, and how long it took; the clocks of the two sides need not agree. Returns false,
   * and adds nothing, where the number or the time cannot be.
   */
  add(number: number, transitMs: number): boolean {
    const difference = Math.abs(transitMs - (this.#lastTransit ?? transitMs));
    const isPossible = number > 0 && number <= this.highest + MAX_MISSING &&
      difference <= MAX_DIFFERENCE_MS;
    if (!isPossible) return false;
    if (number > this.highest) {
      this.lost += number - 1 - this.highest;
      this.highest = number;
    } else {
      this.outOfOrder++;
      if (this.lost > 0) this.lost--;
    }
    this.#lastTransit = transitMs;
    this.jitterMs += (difference - this.jitterMs) / 16;
    return true;
  }
}
