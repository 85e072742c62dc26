/** What a load run measures, in one thread or several. */
import { rounded } from "../core/units.ts";
import type { Slice } from "../report/result.ts";
import type { Outcome } from "./generator.ts";
import type { Recorder, Stretch } from "./recorder.ts";

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
