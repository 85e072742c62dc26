/** Comparing two results: what has changed, and what is noise. */
import { UsageError } from "../core/errors.ts";
import type { BenchResult, Comparison, Slice } from "./result.ts";

const MIN_SLICES = 8; // slices of each result, for a verdict
const SIGNIFICANT_ERRORS = 2.576; // standard errors: one in a hundred by chance
const NOTICEABLE_RATIO = 0.01; // of the value; a smaller difference does not matter

interface Figure {
  readonly of: (result: BenchResult) => number;
  /** The same of a part of the run. */
  readonly sample: (slice: Slice) => number;
}

const FIGURES: Readonly<Record<string, Figure>> = {
  rate: {
    of: ({ rate }) => rate,
    sample: ({ answered, lastedMs }) => answered * 1000 / lastedMs,
  },
  p50: { of: ({ latency }) => latency.percentilesMs["p50"]!, sample: ({ p50Ms = NaN }) => p50Ms },
  p99: { of: ({ latency }) => latency.percentilesMs["p99"]!, sample: ({ p99Ms = NaN }) => p99Ms },
  max: { of: ({ latency }) => latency.maxMs, sample: ({ maxMs }) => maxMs },
};

/**
 * Compares the figures of two results by the slices of their timelines.
 *
 * @throws {UsageError} where they are of different kinds of load
 */
export function compare(now: BenchResult, before: BenchResult): Comparison[] {
  rejectDifferentLoads([before, now], "compare");
  return Object.entries(FIGURES).map(([name, { of, sample }]) => ({
    name,
    before: of(before),
    now: of(now),
    verdict: judge({ before: of(before), now: of(now) }, {
      before: whole(before).map(sample),
      now: whole(now).map(sample),
    }),
  }));
}

/** Refuses results of different kinds of load, such as a closed and an open loop. */
export function rejectDifferentLoads(
  [first, ...others]: readonly BenchResult[],
  what: "compare" | "merge",
): void {
  const kind = ({ load: { rate, connect, size } }: BenchResult) =>
    `${rate === undefined ? "closed" : "open"} loop, ${size} bytes${connect ? ", --connect" : ""}`;
  const other = others.find((result) => kind(result) !== kind(first!));
  if (!other) return;
  throw new UsageError(`Cannot ${what} different loads: ${kind(first!)}, and ${kind(other)}`);
}

function judge(
  figure: { readonly before: number; readonly now: number },
  samples: { readonly before: readonly number[]; readonly now: readonly number[] },
): Comparison["verdict"] {
  const few = Math.min(samples.before.length, samples.now.length) < MIN_SLICES;
  if (few || [...samples.before, ...samples.now].some(Number.isNaN)) return "unknown";
  const near = Math.abs(figure.now - figure.before) <= NOTICEABLE_RATIO * Math.abs(figure.before);
  return near || Math.abs(rankSum(samples.before, samples.now)) < SIGNIFICANT_ERRORS
    ? "noise"
    : "changed";
}

// The slices that were not cut short, and in which something was answered.
function whole({ timeline, load }: BenchResult): readonly Slice[] {
  return timeline.filter(({ lastedMs, answered }) => lastedMs > load.slice / 2 && answered > 0);
}

/**
 * How many standard errors the ranks of one sample are from those of another that is no different:
 * the test of Mann and Whitney, which assumes nothing about the distribution.
 *
 * @example
 * ```ts
 * import { rankSum } from "./compare.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * assertEquals(rankSum([1, 2, 3, 4], [1, 2, 3, 4]), 0);
 * assert(rankSum([1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18]) > 3);
 * ```
 */
export function rankSum(one: readonly number[], other: readonly number[]): number {
  let wins = 0; // of the other over the one, a draw being half
  for (const a of one) {
    for (const b of other) wins += b > a ? 1 : b === a ? 0.5 : 0;
  }
  const [n, m] = [one.length, other.length];
  return (wins - n * m / 2) / Math.sqrt(n * m * (n + m + 1) / 12);
}
