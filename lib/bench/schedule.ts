/** The schedule of an open loop: when requests are due, whatever became of those before. */

/** A rate, reached over a ramp. */
export interface RampedRate {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds in which the rate rises evenly from 0. */
  readonly ramp: number;
}

/** When requests are due, in milliseconds of a clock. */
export interface Schedule {
  /** When the request with this index is due. */
  at(index: number): number;
  /** How many are due before a moment. */
  before(moment: number): number;
}

/**
 * The schedule of a rate that begins at a moment; the first request is due at once.
 *
 * @example
 * ```ts
 * import { schedule } from "./schedule.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const even = schedule({ rate: 1000, ramp: 0 }, 0);
 * assertEquals([even.at(0), even.at(1), even.at(1000), even.before(1000)], [0, 1, 1000, 1000]);
 * const slowly = schedule({ rate: 1000, ramp: 2000 }, 0); // 1,000 in the first two seconds
 * assertEquals([slowly.at(1000), slowly.at(1001), slowly.before(2000)], [2000, 2001, 1000]);
 * ```
 */
export function schedule({ rate, ramp }: RampedRate, begin: number): Schedule {
  const gap = 1000 / rate;
  const during = ramp / gap / 2; // requests of the ramp: the area of a triangle
  const at = (index: number) =>
    begin + (index < during ? Math.sqrt(2 * index * gap * ramp) : ramp + (index - during) * gap);
  return {
    at,
    before(moment) {
      const passed = Math.max(0, moment - begin);
      const full = passed < ramp
        ? passed * passed / (2 * gap * ramp)
        : during + (passed - ramp) / gap;
      let index = Math.max(0, Math.floor(full) - 1); // with the same rounding as `at`
      while (at(index) < moment) index++;
      return index;
    },
  };
}
