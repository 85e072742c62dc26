import { assert, assertEquals } from "@std/assert";
import * as hdr from "hdr-histogram-js";
import { loadHistograms, MAX_VALUE_MS } from "../../../lib/core/histogram.ts";
import { randomWords } from "../../support/bytes.ts";
import { readHdr } from "../../support/hdr.ts";

const histograms = await loadHistograms();

// Latencies from 10 us to about 10 s, most of them short.
function samples(count: number, seed: number): number[] {
  const next = randomWords(seed);
  return Array.from({ length: count }, () => 0.01 * 10 ** (6 * (next() / 2 ** 32) ** 2));
}

for (const digits of [2, 3] as const) {
  Deno.test(`histogram: ${digits} digits: agrees with an exact sort within its error`, () => {
    const histogram = histograms.create(digits);
    const all = samples(50_000, digits);
    for (const sample of all) histogram.record(sample);
    const sorted = all.toSorted((a, b) => a - b);
    for (const percent of [0, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100]) {
      const exact = sorted[Math.max(0, Math.ceil(percent / 100 * sorted.length) - 1)]!;
      const error = Math.abs(histogram.at(percent) - exact) / exact;
      assert(error <= 10 ** -digits, `p${percent}: ${histogram.at(percent)} for ${exact}`);
    }
    assertEquals(histogram.min, sorted[0]);
    assertEquals(histogram.max, sorted.at(-1));
    const mean = all.reduce((sum, sample) => sum + sample, 0) / all.length;
    assert(Math.abs(histogram.mean - mean) / mean <= 10 ** -digits);
  });
}

Deno.test("histogram: two are added up, and survive their encoding", () => {
  const [one, other, both] = [histograms.create(), histograms.create(), histograms.create()];
  for (const [index, sample] of samples(10_000, 9).entries()) {
    (index % 3 === 0 ? one : other).record(sample);
    both.record(sample);
  }
  const merged = histograms.decode(one.encode());
  merged.add(histograms.decode(other.encode()));
  for (const percent of [50, 99, 99.9]) assertEquals(merged.at(percent), both.at(percent));
  assertEquals(merged.count, 10_000);
});

Deno.test("histogram: takes what no latency is", () => {
  const histogram = histograms.create();
  histogram.record(-1); // a clock that was set back
  histogram.record(2 * MAX_VALUE_MS);
  assertEquals([histogram.min, histogram.max], [0, MAX_VALUE_MS]);
  histogram.reset();
  assertEquals([histogram.count, histogram.min, histogram.max, histogram.at(99)], [0, 0, 0, 0]);
});

Deno.test("histogram: what others read is to the bucket what was recorded", () => {
  for (const digits of [2, 3] as const) {
    const histogram = histograms.create(digits);
    // In nanoseconds, up to the last value of a bucket and the first of the next.
    const values = [0, 1, 2, 255, 256, 2047, 2048, 4095, 4096, 999_999, 1e6, 3_599_999_999_999];
    for (const value of values) histogram.record(value / 1e6);
    const all = samples(10_000, digits).map((sample) => Math.round(sample * 1e6));
    for (const value of all) histogram.record(value / 1e6);
    const buckets = readHdr(histogram.encode());
    const counted = buckets.reduce((sum, { count }) => sum + count, 0);
    assertEquals(counted, values.length + all.length);
    const recorded = [...values, ...all].toSorted((one, other) => one - other);
    for (const { from, to, count } of buckets) {
      assertEquals(recorded.filter((value) => value >= from && value <= to).length, count);
      assert(to - from <= Math.max(0, from * 10 ** -digits), `${from} to ${to}`);
    }
  }
});

Deno.test("histogram: it may be read between records, and stays what the library alone counts", () => {
  const nanoseconds = 1e6; // in a millisecond
  const build = () => hdr.build({ highestTrackableValue: 7.2e12, autoResize: false });
  const [one, alone] = [histograms.create(), build()];
  for (const [index, sample] of samples(3000, 5).entries()) {
    one.record(sample);
    alone.recordValue(Math.round(sample * nanoseconds));
    if (index % 7 > 0) continue;
    for (const percent of [50, 99]) {
      const least = Math.max(alone.getValueAtPercentile(percent) / nanoseconds, one.min);
      assertEquals(one.at(percent), Math.min(least, one.max));
    }
  }
  one.record(1);
  one.reset();
  assertEquals([one.count, one.countUpTo(10), one.at(50)], [0, 0, 0]);

  // What was not read since it was recorded counts on both sides, and in one that was decoded.
  const decoded = histograms.decode(histograms.create(2).encode());
  for (const histogram of [one, decoded]) for (const value of [1, 2]) histogram.record(value);
  one.add(decoded);
  assertEquals([one.count, one.countUpTo(1.5), decoded.countUpTo(1.5)], [4, 2, 1]);
});
