/** What a load generator counts while it runs. */
import type { Histogram, Histograms } from "../core/histogram.ts";

const NANOSECOND_MS = 1e-6; // in milliseconds

/** A stretch of a run. */
export interface RecordedSlice {
  /** From the beginning of the measurement to the end of the stretch, in milliseconds. */
  readonly atMs: number;
  readonly lastedMs: number;
  readonly failed: number;
  /** The latencies of the answers that came in it: to be read at once, it is used again. */
  readonly latencies: Histogram;
}

/** What a recorder of another thread has. */
export interface EncodedRecorder {
  readonly latency: string;
  readonly uncorrected: string | undefined;
  readonly lateness: string;
  readonly parts: readonly (readonly [name: string, hdr: string])[];
  readonly errors: readonly (readonly [kind: string, count: number])[];
  readonly arrived: number;
  readonly failed: number;
}

/** Counts and distributions of a measurement, and of the stretch since the last slice. */
export class Recorder {
  /** From the intended moments. In a closed loop, where there are none, from the real ones. */
  readonly latency: Histogram;
  /** From the moments of sending; in an open loop alone. */
  readonly uncorrected: Histogram | undefined;
  /** How late the generator itself was. */
  readonly lateness: Histogram;
  /** Where the time of new connections went, by the name of the part. */
  readonly parts = new Map<string, Histogram>();
  readonly errors = new Map<string, number>();
  /** Answers that came during the measurement, whenever they were asked for. */
  arrived = 0;
  failed = 0;
  readonly #histograms: Histograms;
  readonly #stretches: [Histogram, Histogram]; // the one that is filled, and the last
  #from = Infinity;
  #to = Infinity;
  #last = { at: 0, failed: 0 };

  constructor(histograms: Histograms, { open }: { readonly open: boolean }) {
    this.#histograms = histograms;
    this.latency = histograms.create();
    this.uncorrected = open ? histograms.create() : undefined;
    this.lateness = histograms.create();
    this.#stretches = [histograms.create(2), histograms.create(2)];
  }

  /** When the measurement begins, and when it ends: moments of the clock. */
  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  /** Measures from a moment on: what is to be sent then counts, however late it is answered. */
  setWindow(from: number, duration: number): void {
    this.#from = this.#last.at = from;
    this.#to = from + duration;
  }

  /** Ends the measurement, unless it is over. What was sent at this very moment still counts. */
  end(now: number): void {
    this.#to = Math.min(this.#to, Math.max(now + NANOSECOND_MS, this.#from));
  }

  /** Whether what is to happen at a moment counts. */
  inWindow(moment: number): boolean {
    return moment >= this.#from && moment < this.#to;
  }

  /** A request was answered that was to be sent at `due`, and was at `sent`. */
  recordAnswer(now: number, { due, sent }: { readonly due: number; readonly sent: number }): void {
    if (this.inWindow(now)) this.arrived++;
    this.#stretches[0].record(now - due);
    if (!this.inWindow(due)) return;
    this.latency.record(now - due);
    this.uncorrected?.record(now - sent);
  }

  /** Where the time of a connection went that was to be made at `due`. */
  recordPart(due: number, { name, took }: { readonly name: string; readonly took: number }): void {
    if (this.inWindow(due)) this.#part(name).record(took);
  }

  /** A request failed that was to be sent at `due`. */
  recordFailure(due: number, kind: string): void {
    if (!this.inWindow(due)) return;
    this.failed++;
    this.#count(kind, 1);
  }

  /** Something else failed than a request. */
  recordProblem(now: number, kind: string): void {
    if (this.inWindow(now)) this.#count(kind, 1);
  }

  /** The generator itself was late. */
  recordLateness(now: number, milliseconds: number): void {
    if (this.inWindow(now)) this.lateness.record(milliseconds);
  }

  /** All of it, for another thread. */
  encode(): EncodedRecorder {
    const { arrived, failed } = this;
    return {
      latency: this.latency.encode(),
      uncorrected: this.uncorrected?.encode(),
      lateness: this.lateness.encode(),
      parts: [...this.parts].map(([name, histogram]) => [name, histogram.encode()]),
      errors: [...this.errors],
      arrived,
      failed,
    };
  }

  /** Adds what another one has. */
  add({ latency, uncorrected, lateness, parts, errors, arrived, failed }: EncodedRecorder): void {
    const { decode } = this.#histograms;
    this.latency.add(decode(latency));
    if (uncorrected) this.uncorrected?.add(decode(uncorrected));
    this.lateness.add(decode(lateness));
    for (const [name, hdr] of parts) this.#part(name).add(decode(hdr));
    for (const [kind, count] of errors) this.#count(kind, count);
    this.arrived += arrived;
    this.failed += failed;
  }

  #part(name: string): Histogram {
    const histogram = this.parts.get(name) ?? this.#histograms.create();
    this.parts.set(name, histogram);
    return histogram;
  }

  #count(kind: string, count: number): void {
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + count);
  }

  /** The stretch since the last one; the next begins. */
  endSlice(now: number): RecordedSlice {
    const { at, failed } = this.#last;
    this.#last = { at: now, failed: this.failed };
    const latencies = this.#stretches[0];
    this.#stretches.reverse();
    this.#stretches[0].reset();
    return { atMs: now - this.#from, lastedMs: now - at, failed: this.failed - failed, latencies };
  }
}
