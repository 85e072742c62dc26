/** What of a measurement is the client's own. */
import { formatQuantity, roundMs } from "../core/units.ts";
import { percentiles } from "../report/distribution.ts";
import { type BenchLoad, isHeld } from "../report/load.ts";
import type { Instrument } from "../report/result.ts";
import type { Measurement } from "./measurement.ts";

const LEAST_MS = 100; // of a measurement whose CPU time tells something
const MUCH_STALLED = 0.2; // of the time
const MUCH_CPU = 0.5; // of a core; what a request takes of less is mostly not for the request
const BUSY_CPU = 0.9; // of a core; above it the client itself is the limit

/** What was measured of the load that was asked for. */
interface Achieved {
  readonly load: BenchLoad;
  /** Answers per second. */
  readonly rate: number;
  /** Requests that have no answer, and so take longer than any that have one. */
  readonly endless: number;
}

/** What the client used, and how late it was, with a warning where that matters. */
export function instrumentOf(measured: Measurement, achieved: Achieved): Instrument {
  const { recorder: { lateness, latency, stalledMs }, cpu } = measured;
  const warning = latency.count > 0 ? warningOf(measured, achieved) : undefined;
  return {
    resolutionMs: roundMs(resolution()),
    cpu: roundCpu(cpu),
    latenessMs: { ...percentiles(lateness), max: roundMs(lateness.max) },
    stalledMs: roundMs(stalledMs),
    ...(warning && { warning: `the client itself was ${warning}` }),
  };
}

function roundCpu(cores: number): number {
  return Math.round(cores * 100) / 100;
}

function warningOf(measured: Measurement, achieved: Achieved): string | undefined {
  const { recorder: { stalledMs }, cpu, elapsedMs } = measured;
  const { load: { rate, workers, self } } = achieved;
  const { isBehind, isLate, percentile } = rate === undefined
    ? closedLoop(measured, achieved)
    : openLoop(measured, { ...achieved, target: rate });
  if (isBehind && !self && elapsedMs >= LEAST_MS && cpu >= BUSY_CPU * workers) {
    return `the bottleneck: it used ${roundCpu(cpu)} of ${formatQuantity(workers, "core")}; ` +
      "the peer may be capable of more (try --workers, or several machines and --merge)";
  }
  const stalled = stalledMs / Math.max(1, elapsedMs * workers);
  if (stalled >= MUCH_STALLED) {
    const share = Math.round(stalled * 100);
    return `late: it stood still, or waited for a CPU, for ${share} % of the time`;
  }
  return isLate ? `late: at ${percentile} half of the latency or more is its own` : undefined;
}

/** What a loop tells of the client. */
interface LoopState {
  /** Whether more would be measured of a client that is not busy. */
  readonly isBehind: boolean;
  /** Whether half of the latency at the percentile is the client's own. */
  readonly isLate: boolean;
  readonly percentile: "p50" | "p99";
}

// It has no queue of its own: what it adds is its work for a request.
function closedLoop(
  { recorder: { latency }, cpu, isAlone }: Measurement,
  { load, rate, endless }: Achieved,
): LoopState {
  const isLate = isAlone && !load.self && rate > 0 && cpu >= MUCH_CPU * load.workers &&
    cpu * 1000 / rate > percentiles(latency, endless).p50 / 2;
  return { isBehind: true, isLate, percentile: "p50" };
}

// It looks at the clock all the time, and is busy by that alone.
function openLoop(
  { recorder: { latency, lateness }, unsent }: Measurement,
  { rate, target, endless }: Achieved & { readonly target: number },
): LoopState {
  const isLate = lateness.at(99) > percentiles(latency, endless).p99 / 2;
  return { isBehind: unsent > 0 && !isHeld(rate, { target }), isLate, percentile: "p99" };
}

// The smallest step that the clock makes, in milliseconds.
function resolution(): number {
  let smallest = Infinity;
  for (let step = 0, last = performance.now(); step < 1000;) {
    const now = performance.now();
    if (now === last) continue;
    smallest = Math.min(smallest, now - last);
    last = now;
    step++;
  }
  return smallest;
}
