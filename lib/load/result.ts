/** The result of a load: plain data, that reports render and other programs read. */
import { UsageError } from "../errors.ts";
import type { Histogram } from "../histogram.ts";
import { readFile } from "../options.ts";
import type { Outcome } from "./generator.ts";
import type { Asked, Load } from "./load.ts";
import type { Recorder, Stretch } from "./recorder.ts";

/** The version of the shape of a result. */
export const SCHEMA = "netecho-bench/1";

const PERCENTS = [50, 75, 90, 95, 99, 99.9, 99.99, 99.999];
const TICKS = 5; // points of the curve for each halving of what lies above
const SERIES = [1, 1.5, 2, 3, 5, 7]; // bounds of the bars in each decade

/** What happened in a stretch of the measurement. */
export interface Slice {
  /** From the beginning of the measurement to the end of the slice, in milliseconds. */
  readonly atMs: number;
  readonly lastedMs: number;
  /** Answers that came in it. */
  readonly answered: number;
  readonly failed: number;
  /** Their latencies, in milliseconds, within 1 %; 0 where there are none. */
  readonly maxMs: number;
  /** Absent where results were merged: percentiles do not add up. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** A distribution of latencies, in milliseconds, each within 0.1 % of what was measured. */
export interface Distribution {
  readonly count: number;
  readonly minMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly deviationMs: number;
  /** By name: `p50`, `p99.9`. */
  readonly percentilesMs: Readonly<Record<string, number>>;
  /** Percent, and the latency that so many do not exceed; finer towards 100. */
  readonly curve: readonly (readonly [percent: number, ms: number])[];
  /** Latencies in steps: above the first bound, up to the second, how many. */
  readonly bars: readonly (readonly [aboveMs: number, upToMs: number, count: number])[];
  /** The HDR histogram in nanoseconds: interchange format V2, compressed, base64. */
  readonly hdr: string;
}

/** What the generator knows of itself. */
export interface Instrument {
  /** The smallest step of its clock, in milliseconds. */
  readonly resolutionMs: number;
  /** CPU time of the program for each second, 1 being one core. */
  readonly cpu: number;
  /**
   * Open loop: how late requests were sent although a connection was free. Closed loop: how long
   * the event loop took to come round, which is what an answer may have waited to be seen.
   */
  readonly latenessMs: Readonly<Record<string, number>>;
  /** Why the figures are those of the client rather than of the peer. */
  readonly warning?: string;
}

/** Where and how it was measured. */
export interface Setting {
  readonly netecho: string;
  /** ISO 8601. */
  readonly started: string;
  readonly command: string;
  readonly environment: {
    readonly os: string;
    readonly arch: string;
    readonly cpus: number;
    readonly deno: string;
  };
  readonly address: string;
}

/** The result of one load. */
export interface BenchResult extends Setting {
  readonly schema: typeof SCHEMA;
  readonly load: Partial<Load> & Pick<Asked, "workers" | "self">;
  readonly elapsedMs: number;
  readonly requests: {
    /** Those that were to be sent in the measured time, and were answered. */
    readonly answered: number;
    readonly failed: number;
    /** Under way at the end. */
    readonly inFlight: number;
    /** Of those, never answered. */
    readonly unanswered: number;
    /** Due by the schedule, and never sent because no connection was free. */
    readonly unsent: number;
  };
  /** Failures by their kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers a second that came in the measured time. */
  readonly rate: number;
  /** In an open loop from the moment that a request was to be sent. */
  readonly latency: Distribution;
  /** From the moment that it was sent; in an open loop alone. */
  readonly uncorrected?: Distribution;
  /** Where the time of new connections went. */
  readonly parts?: Readonly<Record<string, Distribution>>;
  readonly timeline: readonly Slice[];
  readonly instrument: Instrument;
  /** The round trip on a connection of its own, before the load and under it. */
  readonly underLoad?: { readonly idle: Distribution; readonly loaded: Distribution };
  /** The rates that were tried, of a search for the highest. */
  readonly search?: Search;
  /** Beside an earlier result. */
  readonly comparison?: readonly Compared[];
  /** How many results were merged into this one. */
  readonly machines?: number;
}

/** A search for the highest rate that holds a condition. */
export interface Search {
  readonly condition: string;
  readonly trials: readonly {
    readonly target: number;
    readonly rate: number;
    readonly value: number;
    readonly held: boolean;
  }[];
  /** The highest rate that held; absent where none did. */
  readonly highest?: number;
}

/** A figure of both results. */
export interface Compared {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  /** Whether the slices of the two runs differ by more than chance would have it. */
  readonly verdict: "changed" | "noise" | "unknown";
}

/** What a measurement leaves, in one thread or several. */
export interface Measured extends Outcome {
  readonly recorder: Recorder;
  readonly timeline: readonly Slice[];
  /** CPU time of the program for each second, 1 being one core. */
  readonly cpu: number;
}

/** The slice of a stretch. */
export function sliceOf({ atMs, lastedMs, failed, latencies }: Stretch): Slice {
  return {
    atMs: rounded(atMs),
    lastedMs: rounded(lastedMs),
    answered: latencies.count,
    failed,
    p50Ms: rounded(latencies.at(50)),
    p99Ms: rounded(latencies.at(99)),
    maxMs: rounded(latencies.max),
  };
}

/** The distribution of a histogram. */
export function distribution(histogram: Histogram): Distribution {
  const { count, min, mean, max, deviation } = histogram;
  return {
    count,
    minMs: rounded(min),
    meanMs: rounded(mean),
    maxMs: rounded(max),
    deviationMs: rounded(deviation),
    percentilesMs: percentiles(histogram),
    curve: percents(count).map((percent) => [percent, rounded(histogram.at(percent))]),
    bars: bars(histogram),
    hdr: histogram.encode(),
  };
}

/** The usual percentiles, by name. */
export function percentiles(histogram: Histogram): Record<string, number> {
  return Object.fromEntries(
    PERCENTS.map((percent) => [`p${percent}`, rounded(histogram.at(percent))]),
  );
}

/**
 * The result that a file holds.
 *
 * @throws {UsageError} where it holds none
 */
export function readResult(path: string): BenchResult {
  const text = new TextDecoder().decode(readFile(path));
  try {
    const result = JSON.parse(text) as BenchResult;
    if (result.schema === SCHEMA) return result;
  } catch {
    // As for another document.
  }
  throw new UsageError(`${path} is no result of --bench --json (${SCHEMA})`);
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

/** Milliseconds to the nanosecond. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e6;
}
