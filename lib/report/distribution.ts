/** Distributions of latencies, as results carry them. */
import { type Histogram, rankAt } from "../core/histogram.ts";
import type { BenchResult } from "./result.ts";
import { roundMs } from "../core/units.ts";

const PERCENTS = [50, 75, 90, 95, 99, 99.9, 99.99, 99.999];
const TICKS = 5; // points of the curve for each halving of what lies above
const SERIES = [1, 1.5, 2, 3, 5, 7]; // bounds of the bars in each decade

/** A distribution of latencies, in milliseconds, each within 0.1 % of what was measured. */
export type Distribution = BenchResult["latency"];

/** The names of the percentiles that are told. */
export const PERCENTILES = PERCENTS.map((percent) => `p${percent}`) as readonly PercentileName[];

/** The name of a percentile, as `p99.9`. */
export type PercentileName = keyof Distribution["percentilesMs"];

/** The percentile that is told of requests without an answer: the largest number that JSON takes. */
export const ENDLESS_MS = Number.MAX_VALUE;

/**
 * The distribution of a histogram, and of so many more that are `endless`: they are in the
 * percentiles and the curve, and in nothing else. Of nothing at all, every percentile is endless.
 */
export function distribution(histogram: Histogram, endless = 0): Distribution {
  const { count, min, mean, max, deviation } = histogram;
  return {
    count,
    minMs: roundMs(min),
    meanMs: roundMs(mean),
    maxMs: roundMs(max),
    deviationMs: roundMs(deviation),
    percentilesMs: percentiles(histogram, count + endless === 0 ? 1 : endless),
    curve: percents(count + endless)
      .map((percent): [number, number] => [percent, percentile(histogram, { percent, endless })])
      .filter(([, ms]) => ms !== ENDLESS_MS),
    bars: bars(histogram),
    hdr: histogram.encode(),
  };
}

/** The usual percentiles, by name. */
export function percentiles(histogram: Histogram, endless = 0): Distribution["percentilesMs"] {
  return Object.fromEntries(
    PERCENTS.map((percent) => [`p${percent}`, percentile(histogram, { percent, endless })]),
  ) as Distribution["percentilesMs"];
}

// In milliseconds.
function percentile(
  histogram: Histogram,
  { percent, endless }: { readonly percent: number; readonly endless: number },
): number {
  const { count } = histogram;
  if (endless === 0) return roundMs(histogram.at(percent));
  const rank = rankAt(percent, count + endless);
  return rank > count ? ENDLESS_MS : roundMs(histogram.ranked(rank));
}

// 0, then towards 100 in steps of a fifth of what is left, until one latency is above.
function percents(count: number): number[] {
  const all: number[] = [];
  for (let tick = 0; count > 0; tick++) {
    const above = 2 ** -Math.floor(tick / TICKS) * (1 - (tick % TICKS) / TICKS / 2);
    if (above * count < 1) break;
    all.push(Number((100 - above * 100).toFixed(6)));
  }
  return count > 0 ? [...all, 100] : [];
}

function bars(histogram: Histogram): [number, number, number][] {
  if (histogram.count === 0) return [];
  const bounds = boundsFor(histogram);
  const upTo = bounds.map((bound) => histogram.countUpTo(bound));
  upTo[0] = 0; // what is equal to the first bound, as the histogram has it, is in the first bar
  return bounds.slice(1).map((bound, index) => [
    bounds[index]!,
    bound,
    upTo[index + 1]! - upTo[index]!,
  ]);
}

function boundsFor({ min, max }: Histogram): number[] {
  const first = Math.floor(Math.log10(Math.max(min, 1e-6)));
  const last = Math.ceil(Math.log10(Math.max(max, 1e-6))) + 1;
  const all = Array.from({ length: last - first }, (_, index) => first + index)
    .flatMap((decade) => SERIES.map((step) => Number((step * 10 ** decade).toPrecision(2))));
  const from = all.findLastIndex((bound) => bound < min);
  const to = all.findIndex((bound) => bound >= max);
  return from < 0 ? [0, ...all.slice(0, to + 1)] : all.slice(from, to + 1);
}
