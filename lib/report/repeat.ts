/** The same load several times, one after the other. */
import type { Histograms } from "../core/histogram.ts";
import { ENDLESS_MS } from "./distribution.ts";
import { sum } from "./merge.ts";
import { type BenchResult, failedShareOf, type RunFigures, type Slice } from "./result.ts";

/** The figures of one run of several. */
function figuresOf(result: BenchResult): RunFigures {
  const { rate, latency: { percentilesMs, maxMs: longest, count }, requests } = result;
  const failedShare = failedShareOf(requests);
  const maxMs = count === 0 ? ENDLESS_MS : longest;
  return { rate, p50Ms: percentilesMs.p50, p99Ms: percentilesMs.p99, maxMs, failedShare };
}

/** Adds up runs of one load that followed each other, and keeps the figures of each. */
export function inTurn(
  results: readonly [BenchResult, ...BenchResult[]],
  histograms: Histograms,
): BenchResult {
  const [{ load }] = results;
  const { connections: _, ...whole } = sum(results, histograms); // each run had its own
  const elapsedMs = results.reduce((sum, result) => sum + result.elapsedMs, 0);
  const answers = results.reduce((sum, { rate, elapsedMs }) => sum + rate * elapsedMs, 0);
  return {
    ...whole,
    load,
    elapsedMs,
    rate: elapsedMs > 0 ? answers / elapsedMs : 0,
    timeline: oneAfterTheOther(results),
    runs: results.filter(({ interrupted }) => !interrupted).map(figuresOf),
  };
}

function oneAfterTheOther(results: readonly BenchResult[]): Slice[] {
  let before = 0;
  return results.flatMap(({ timeline, elapsedMs }) => {
    const shifted = timeline.map((slice) => ({ ...slice, atMs: slice.atMs + before }));
    before += elapsedMs;
    return shifted;
  });
}
