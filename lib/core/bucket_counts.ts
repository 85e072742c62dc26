/** Counts of values by their leading digits. */

const BITS = { 2: 7, 3: 10 } as const; // of a value after its first one: 2 ** 10 is more than 10 ** 3
const EXPONENT_BIAS = 1023;
const FRACTION_BITS = 20; // in the upper half of a number

// The leading bits of a number are those of its representation (IEEE 754), the exponent before them.
const number = new Float64Array(1);
const [LOWER, UPPER] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];
const halves = new Uint32Array(number.buffer);

/**
 * Counts whole numbers in the buckets of an HDR histogram, whose own way takes ten times as long.
 *
 * @example
 * ```ts
 * import { BucketCounts } from "./bucket_counts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const counts = new BucketCounts({ digits: 2, largest: 1e6 });
 * for (const value of [5, 100_000, 100_100]) counts.add(value);
 * const drained: number[][] = [];
 * counts.drain((least, count) => drained.push([least, count]));
 * assertEquals(drained, [[5, 1], [99_840, 2]]);
 * ```
 */
export class BucketCounts {
  readonly #shift: number;
  readonly #first: number; // the representation of 1, less 1: place 0 is the value 0's
  readonly #counts: Uint32Array;
  // Of the places that were counted at.
  #lowest = Infinity;
  #highest = -1;

  constructor({ digits, largest }: { readonly digits: 2 | 3; readonly largest: number }) {
    this.#shift = FRACTION_BITS - BITS[digits];
    this.#first = (EXPONENT_BIAS << BITS[digits]) - 1;
    this.#counts = new Uint32Array(this.#place(largest) + 1);
  }

  /** Adds a value from 0 up to the largest. */
  add(value: number): void {
    const place = this.#place(value);
    this.#counts[place]!++;
    if (place < this.#lowest) this.#lowest = place;
    if (place > this.#highest) this.#highest = place;
  }

  /** Calls `each` with the least value of each bucket and its count, and forgets them. */
  drain(each: (least: number, count: number) => void): void {
    for (let place = this.#lowest; place <= this.#highest; place++) {
      const count = this.#counts[place]!;
      if (count > 0) each(this.#least(place), count);
    }
    this.clear();
  }

  /** Forgets all counts. */
  clear(): void {
    if (this.#highest < 0) return;
    this.#counts.fill(0, this.#lowest, this.#highest + 1);
    this.#lowest = Infinity;
    this.#highest = -1;
  }

  #place(value: number): number {
    if (value === 0) return 0;
    number[0] = value;
    return (halves[UPPER!]! >>> this.#shift) - this.#first;
  }

  #least(place: number): number {
    if (place === 0) return 0;
    halves[LOWER!] = 0;
    halves[UPPER!] = (place + this.#first) << this.#shift;
    return number[0]!;
  }
}
