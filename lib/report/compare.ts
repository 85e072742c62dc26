/** Comparing two results: what has changed, and what is noise. */
import { ENDLESS_MS } from "./distribution.ts";
import { rejectDifferentLoads } from "./likeness.ts";
import {
  type BenchResult,
  type Comparison,
  endlessOf,
  type RunFigures,
  type Slice,
} from "./result.ts";

const MIN_SAMPLES = { runs: 5, slices: 8 }; // of each result, for a verdict
const SIGNIFICANT_ERRORS = 2.576; // standard errors: one in a hundred by chance
// Of the value; a smaller difference does not matter, or is told by --repeat alone: runs of one load
// differ by more than the slices of one run do.
const NOTICEABLE_RATIO = { runs: 0.03, slices: 0.25 };
const IRRELEVANT_RATIO = 0.01;
// A difference that is not significant and greater than this is no noise for all that: one outage is
// in few slices, or in one run.
const UNEXPLAINED_RATIO = 0.25;
const BEYOND_CHANCE = 10; // times as much as anything in the other
const IRRELEVANT_SHARE = 0.001; // of the requests

interface Figure {
  readonly of: (result: BenchResult) => number;
  /** The same of one run of several. */
  readonly run: (run: RunFigures) => number;
  /** The same of a part of a run. NaN where it is not known. */
  readonly slice: (slice: Slice) => number;
}

const FIGURES: Readonly<Record<string, Figure>> = {
  rate: {
    of: ({ rate }) => rate,
    run: ({ rate }) => rate,
    slice: ({ answered, lastedMs }) => answered * 1000 / lastedMs,
  },
  p50: {
    of: ({ latency }) => latency.percentilesMs.p50,
    run: ({ p50Ms }) => p50Ms,
    slice: unlessSilent(({ p50Ms = NaN }) => p50Ms),
  },
  p99: {
    of: ({ latency }) => latency.percentilesMs.p99,
    run: ({ p99Ms }) => p99Ms,
    slice: unlessSilent(({ p99Ms = NaN }) => p99Ms),
  },
  max: {
    of: ({ latency }) => latency.maxMs,
    run: ({ maxMs }) => maxMs,
    slice: unlessSilent(({ maxMs }) => maxMs),
  },
};

// In a slice without answers the latency has no end.
function unlessSilent(find: (slice: Slice) => number): (slice: Slice) => number {
  return (slice) => slice.answered === 0 ? Infinity : find(slice);
}

/**
 * Compares the figures of two results: by the runs of `--repeat` where both have them, otherwise by the
 * slices of their timelines.
 *
 * @throws {UsageError} where they are of different kinds of load
 */
export function compare(now: BenchResult, before: BenchResult): Comparison[] {
  rejectDifferentLoads([before, now], "compare");
  const runs = [before, now].map(({ runs = [] }) => runs.length);
  const by = Math.min(...runs) >= MIN_SAMPLES.runs ? "runs" : "slices";
  const sameSlices = before.load.slice === now.load.slice;
  const failed = compareFailures(now, before);
  const figures = Object.entries(FIGURES).map(([name, figure]) => {
    const samples = (result: BenchResult) =>
      by === "runs" ? result.runs!.map(figure.run) : whole(result).map(figure.slice);
    const sides = { before: figure.of(before), now: figure.of(now) };
    const verdict = () => {
      const silent = [before, now].map(hasSilentRun);
      if (name === "rate" && silent[0] !== silent[1]) return "changed";
      // The longer a slice, the greater its maximum.
      if (by === "slices" && name === "max" && !sameSlices) return "unknown";
      // What failed makes a percentile endless.
      if ((sides.before === ENDLESS_MS) !== (sides.now === ENDLESS_MS)) {
        return failed.verdict === "changed" ? "changed" : "unknown";
      }
      return judge(by, sides, { before: samples(before), now: samples(now) });
    };
    return { name, ...sides, verdict: verdict() } as const;
  });
  return [...figures, failed];
}

// By the normal approximation of two binomial distributions; slices do not tell of what was lost in
// them and found out later.
function compareFailures(now: BenchResult, before: BenchResult): Comparison {
  const count = ({ requests }: BenchResult) => {
    const failed = endlessOf(requests);
    return { failed, all: Math.max(1, failed + requests.answered) };
  };
  const [old, own] = [count(before), count(now)];
  const pooled = (old.failed + own.failed) / (old.all + own.all);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / old.all + 1 / own.all));
  const shares = { before: old.failed / old.all, now: own.failed / own.all };
  const difference = Math.abs(shares.now - shares.before);
  const matters = difference > Math.max(SIGNIFICANT_ERRORS * error, IRRELEVANT_SHARE);
  return { name: "failed", ...shares, verdict: matters ? "changed" : "noise" };
}

// Whether nothing was answered in one of several runs.
function hasSilentRun({ runs = [] }: BenchResult): boolean {
  return runs.some(({ rate }) => rate === 0);
}

interface Sides<T> {
  readonly before: T;
  readonly now: T;
}

function judge(
  by: "runs" | "slices",
  { before, now }: Sides<number>,
  samples: Sides<readonly number[]>,
): Comparison["verdict"] {
  const few = Math.min(samples.before.length, samples.now.length) < MIN_SAMPLES[by];
  if (few || [...samples.before, ...samples.now].some(Number.isNaN)) return "unknown";
  const isBeyond = (one: number, other: number, samples: readonly number[]) =>
    one > BEYOND_CHANCE * Math.max(other, ...samples);
  if (isBeyond(now, before, samples.before) || isBeyond(before, now, samples.now)) return "changed";
  const difference = Math.abs(now - before);
  const differs = (ratio: number, of = before) => difference > ratio * of;
  const significant = Math.abs(rankSum(samples.before, samples.now)) >= SIGNIFICANT_ERRORS;
  if (!differs(IRRELEVANT_RATIO)) return "noise";
  if (!significant) {
    return differs(UNEXPLAINED_RATIO, Math.min(before, now)) ? "unknown" : "noise";
  }
  if (differs(NOTICEABLE_RATIO[by])) return "changed";
  return by === "runs" ? "noise" : "unknown";
}

// The slices that were not cut short.
function whole({ timeline, load }: BenchResult): readonly Slice[] {
  return timeline.filter(({ lastedMs }) => lastedMs > load.slice / 2);
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
