/** When requests are to be sent, whatever became of those before: the schedule of an open loop. */

/** A rate, reached over a ramp. */
export interface Rate {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds in which the rate rises evenly from 0. */
  readonly ramp: number;
}

/**
 * The moment of each request, in milliseconds from the beginning; the first is at 0.
 *
 * @example
 * ```ts
 * import { schedule } from "./schedule.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const at = schedule({ rate: 1000, ramp: 0 });
 * assertEquals([at(0), at(1), at(1000)], [0, 1, 1000]);
 * const slowly = schedule({ rate: 1000, ramp: 2000 }); // 1,000 requests in the first two seconds
 * assertEquals([slowly(1000), slowly(1001)], [2000, 2001]);
 * ```
 */
export function schedule({ rate, ramp }: Rate): (index: number) => number {
  const gap = 1000 / rate;
  const during = ramp / gap / 2; // requests of the ramp: the area of a triangle
  return (index) =>
    index < during ? Math.sqrt(2 * index * gap * ramp) : ramp + (index - during) * gap;
}
