/** The slices of a load that is spread over workers, as one timeline. */
import type { Histogram } from "../core/histogram.ts";
import type { LoadContext } from "./load_context.ts";
import { sliceOf } from "./measurement.ts";
import type { RecordedSlice } from "./recorder.ts";

/** A slice on its way to another thread. */
export interface EncodedSlice extends Omit<RecordedSlice, "latencies"> {
  readonly hdr: string;
}

/** Merges the slices of all workers: the first of each, the second of each, and so on. */
export class SliceMerger {
  readonly #running: LoadContext;
  readonly #told = new Map<object, number>();
  readonly #open: {
    slice: Omit<RecordedSlice, "latencies">;
    latencies: Histogram;
    from: number;
  }[] = [];
  #first = 0; // the number of the first that is open

  constructor(running: LoadContext) {
    this.#running = running;
  }

  /** Takes a slice; returns how many answers are in it. */
  take(worker: object, { hdr, ...slice }: EncodedSlice): number {
    const { histograms, load: { workers } } = this.#running;
    const number = this.#told.get(worker) ?? 0;
    this.#told.set(worker, number + 1);
    const latencies = histograms.decode(hdr);
    const { count } = latencies;
    const open = this.#open[number - this.#first];
    if (!open) this.#open.push({ slice, latencies, from: 1 });
    else {
      open.latencies.add(latencies);
      open.slice = { ...open.slice, failed: open.slice.failed + slice.failed };
      open.from++;
    }
    while (this.#open[0]?.from === workers) this.#tell();
    return count;
  }

  /** Reports the slices that not every worker has sent. */
  flush(): void {
    while (this.#open.length > 0) this.#tell();
  }

  #tell(): void {
    const { slice, latencies } = this.#open.shift()!;
    this.#first++;
    this.#running.onSlice(sliceOf({ ...slice, latencies }));
  }
}
