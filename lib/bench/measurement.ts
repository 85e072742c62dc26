/** What a load run measures, in one thread or several. */
import { roundMs } from "../core/units.ts";
import type { Slice } from "../report/result.ts";
import type { LoadOutcome } from "./generator.ts";
import type { RecordedSlice, Recorder } from "./recorder.ts";

/** What the generators of a load have recorded, in one thread or several. */
export interface LoadRecord extends LoadOutcome {
  readonly recorder: Recorder;
}

/** All that was measured. */
export interface Measurement extends LoadRecord {
  readonly timeline: readonly Slice[];
  /** CPU time of the program for each second of the measurement, 1 being one core. */
  readonly cpu: number;
  /** Whether the program did nothing else in that time. */
  readonly isAlone: boolean;
}

/** The slice of a result for a slice that was recorded. */
export function sliceOf({ atMs, lastedMs, failed, latencies }: RecordedSlice): Slice {
  return {
    atMs: roundMs(atMs),
    lastedMs: roundMs(lastedMs),
    answered: latencies.count,
    failed,
    ...(latencies.count > 0 && {
      p50Ms: roundMs(latencies.at(50)),
      p99Ms: roundMs(latencies.at(99)),
    }),
    maxMs: roundMs(latencies.max),
  };
}
