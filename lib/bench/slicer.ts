/** Cutting a measurement into slices. */
import { type Clock, every } from "../core/clock.ts";
import type { RecordedSlice, Recorder } from "./recorder.ts";

/** What a {@linkcode Slicer} works with. */
export interface SlicerContext {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Milliseconds of a slice. */
  readonly slice: number;
  readonly onSlice: (slice: RecordedSlice) => void;
}

/** Cuts a measurement, from when it is made. */
export class Slicer {
  readonly #slicing: SlicerContext;
  readonly #stop: () => void;
  #cuts = 0;

  constructor(slicing: SlicerContext) {
    this.#slicing = slicing;
    const { clock, recorder, slice, onSlice } = slicing;
    recorder.beginSlices();
    this.#stop = every(clock, slice, () => {
      const now = clock.now();
      if (recorder.to - now <= slice / 2) return; // the last slice has the rest
      this.#cuts++;
      onSlice(recorder.endSlice(now));
    });
  }

  /**
   * Cuts the last slice, which may be short. What is returned reports it, with the failures that are
   * known by then; one in which nothing happened is none, unless it is the only one.
   */
  end(): () => void {
    const { clock, recorder, onSlice } = this.#slicing;
    this.#stop();
    const last = recorder.endSlice(clock.now());
    const isOnly = this.#cuts === 0 && last.lastedMs > 0;
    const known = recorder.failed;
    return () => {
      const failed = last.failed + recorder.failed - known;
      if (isOnly || failed > 0 || last.latencies.count > 0) onSlice({ ...last, failed });
    };
  }
}
