/** Latencies in HDR histograms: constant memory, and a stated error. */
import { concat } from "@std/bytes/concat";
import { BucketCounts } from "./bucket_counts.ts";
import type { JsHistogram as Hdr } from "hdr-histogram-js";

/** The largest latency that is kept, in milliseconds; a longer one counts as this. */
export const MAX_VALUE_MS = 3_600_000;

const NANOSECONDS = 1e6; // in a millisecond: what the histograms count in
const ROUNDING = 1e-12; // of a rank: 99.9 % of 1,000 are 999, and not one more for the last bit

/** The rank, from 1 on, of the value that `percent` of `count` values do not exceed. */
export function rankAt(percent: number, count: number): number {
  return Math.max(1, Math.ceil(percent / 100 * count * (1 - ROUNDING)));
}

/** The decimal digits of a value that are kept. */
export type Digits = 2 | 3;

/**
 * A distribution of latencies, in milliseconds. A value that it returns differs from what was
 * recorded by less than 1 in 10 to the power of its digits: 0.1 % with three.
 */
export class Histogram {
  readonly #whole: Hdr;
  // What is not in it yet. One that was decoded has none: little is recorded there.
  readonly #recent: BucketCounts | undefined;
  readonly #library: Library;
  #count: number;
  #min = Infinity;
  #max = 0;
  #sum = 0; // milliseconds

  /** Use {@linkcode loadHistograms}. */
  constructor(hdr: Hdr, { library, recent }: Parts) {
    this.#whole = hdr;
    this.#recent = recent;
    this.#library = library;
    this.#count = hdr.totalCount;
    if (hdr.totalCount === 0) return;
    this.#min = hdr.getValueAtPercentile(0) / NANOSECONDS;
    this.#max = hdr.maxValue / NANOSECONDS;
    this.#sum = hdr.mean / NANOSECONDS * hdr.totalCount;
  }

  get count(): number {
    return this.#count;
  }

  get min(): number {
    return this.count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  /** Standard deviation, in milliseconds. */
  get deviation(): number {
    return this.#hdr.stdDeviation / NANOSECONDS;
  }

  record(milliseconds: number): void {
    const value = Math.min(Math.max(milliseconds, 0), MAX_VALUE_MS);
    const nanoseconds = Math.round(value * NANOSECONDS);
    if (this.#recent) this.#recent.add(nanoseconds);
    else this.#whole.recordValue(nanoseconds);
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum += value;
  }

  /** The latency that `percent` of all do not exceed. */
  at(percent: number): number {
    return this.ranked(rankAt(percent, this.count));
  }

  /** The latency of a rank, from 1 on. */
  ranked(rank: number): number {
    if (this.count === 0) return 0;
    // The library rounds the rank that it computes of a percentage, up or to the nearest one.
    const percent = (rank - 0.25) / this.count * 100;
    const value = this.#hdr.getValueAtPercentile(percent) / NANOSECONDS;
    return Math.min(Math.max(value, this.#min), this.#max);
  }

  /** How many latencies do not exceed `milliseconds`. */
  countUpTo(milliseconds: number): number {
    const hdr = this.#hdr;
    const last = hdr.countsArrayIndex(Math.round(milliseconds * NANOSECONDS));
    let count = 0;
    for (let index = 0; index <= last; index++) count += hdr.getCountAtIndex(index);
    return count;
  }

  add(other: Histogram): void {
    this.#hdr.add(other.#hdr);
    this.#count += other.#count;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#sum += other.#sum;
  }

  reset(): void {
    this.#whole.reset();
    this.#recent?.clear();
    this.#count = 0;
    this.#min = Infinity;
    this.#max = 0;
    this.#sum = 0;
  }

  /** In the HdrHistogram interchange format (V2, compressed, base64), in nanoseconds. */
  encode(): string {
    return this.#library.encode(this.#hdr);
  }

  get #hdr(): Hdr {
    this.#recent?.drain((value, count) => this.#whole.recordValueWithCount(value, count));
    return this.#whole;
  }
}

type Package = typeof import("hdr-histogram-js");
type Zlib = typeof import("node:zlib");

/** What histograms need of the library. */
interface Library {
  encode(hdr: Hdr): string;
}

/** What a histogram is made with. */
interface Parts {
  readonly library: Library;
  readonly recent?: BucketCounts;
}

// The format: two numbers before the compressed part; in that, at these places in bytes, what to
// subtract from each index, and a ratio, a double that integers are multiplied by.
const COMPRESSED_AT = 8;
const INDEX_OFFSET_AT = 8;
const RATIO_AT = 32;

// hdr-histogram-js 3.0.1 writes an offset of 1, which it does not mean and others apply, and 1 as an
// integer for the ratio.
function corrected(encoded: string, { deflateSync, inflateSync }: Zlib): string {
  const bytes = Uint8Array.fromBase64(encoded);
  const content = new Uint8Array(inflateSync(bytes.subarray(COMPRESSED_AT)));
  const view = new DataView(content.buffer, content.byteOffset);
  view.setInt32(INDEX_OFFSET_AT, 0);
  view.setFloat64(RATIO_AT, 1);
  const compressed = deflateSync(content);
  const head = bytes.slice(0, COMPRESSED_AT);
  new DataView(head.buffer).setInt32(4, compressed.length);
  return concat([head, compressed]).toBase64();
}

/** Creates histograms. */
export interface Histograms {
  create(digits?: Digits): Histogram;
  /** Throws where `encoded` is none. */
  decode(encoded: string): Histogram;
}

/**
 * Loads the library, which takes some 50 ms, and returns what makes histograms.
 *
 * @example
 * ```ts
 * import { loadHistograms } from "./histogram.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const histograms = await loadHistograms();
 * const histogram = histograms.create();
 * for (const latency of [0.5, 1, 8]) histogram.record(latency);
 * assertEquals(histogram.at(50).toFixed(3), "1.000");
 * assertEquals(histograms.decode(histogram.encode()).count, 3);
 * ```
 */
export async function loadHistograms(): Promise<Histograms> {
  const loaded = await import("hdr-histogram-js");
  const zlib = await import("node:zlib");
  const hdr = "build" in loaded ? loaded : (loaded as { default: Package }).default; // bundled
  const library = {
    encode: (one: Hdr) => corrected(hdr.encodeIntoCompressedBase64(one), zlib),
  };
  return {
    create(digits = 3) {
      const made = hdr.build({
        highestTrackableValue: 2 * MAX_VALUE_MS * NANOSECONDS,
        numberOfSignificantValueDigits: digits,
        autoResize: false,
      });
      const recent = new BucketCounts({ digits, largest: MAX_VALUE_MS * NANOSECONDS });
      return new Histogram(made as Hdr, { library, recent });
    },
    decode: (encoded) => new Histogram(hdr.decodeFromCompressedBase64(encoded) as Hdr, { library }),
  };
}
