/** What a load generator counts while it runs. */
import { addTcp, type TcpTotals } from "../net/tcp_info.ts";
import type { Histogram, Histograms } from "../core/histogram.ts";
import type { LoadOptions } from "../report/load.ts";

const NANOSECOND_MS = 1e-6; // in milliseconds

/** A slice of a run, with the latencies of its answers. */
export interface RecordedSlice {
  /** From the beginning of the measurement to the end of the slice, in milliseconds. */
  readonly atMs: number;
  readonly lastedMs: number;
  readonly failed: number;
  /** The latencies of its answers; valid until the next slice ends, as the histogram is used again. */
  readonly latencies: Histogram;
}

/** The content of a recorder, to be sent to another thread. */
export interface EncodedRecorder {
  readonly latency: string;
  readonly uncorrected: string | undefined;
  readonly lateness: string;
  readonly stalledMs: number;
  readonly parts: readonly (readonly [name: string, hdr: string])[];
  readonly errors: readonly (readonly [kind: string, count: number])[];
  readonly arrived: number;
  readonly after: number;
  readonly failed: number;
  readonly reconnects: number;
  readonly answers: readonly number[];
  readonly tcp: TcpTotals | undefined;
}

/** Records counts and latencies of a measurement, as a whole and in slices. */
export class Recorder {
  /** Latencies from when requests were due; in a closed loop from when they were sent. */
  readonly latency: Histogram;
  /** Latencies from when requests were sent; in an open loop alone. */
  readonly uncorrected: Histogram | undefined;
  /** How late the generator itself was. */
  readonly lateness: Histogram;
  /** How long the generator stood still in all, or waited for a CPU. */
  stalledMs = 0;
  /** Times of the parts of new connections, by name. */
  readonly parts = new Map<string, Histogram>();
  readonly errors = new Map<string, number>();
  /** Answers that came during the measurement, whenever their requests were due. */
  arrived = 0;
  /** Answers that came after the measurement to requests that were due in it. */
  after = 0;
  failed = 0;
  /** Connections that were made again, after they were lost. */
  reconnects = 0;
  /** The answers of each connection. */
  readonly answers: number[];
  /** What the system knew of connections at their end, those of the warm-up included. */
  tcp: TcpTotals | undefined;
  readonly #histograms: Histograms;
  readonly #slices: [Histogram, Histogram]; // the current slice and the last one
  #from = Infinity;
  #to = Infinity;
  #last = { at: 0, failed: 0 };

  constructor(
    histograms: Histograms,
    { rate, connections }: Pick<LoadOptions, "rate" | "connections">,
  ) {
    this.answers = Array(connections).fill(0);
    this.#histograms = histograms;
    this.latency = histograms.create();
    this.uncorrected = rate !== undefined ? histograms.create() : undefined;
    this.lateness = histograms.create();
    this.#slices = [histograms.create(2), histograms.create(2)];
  }

  /** When the measurement begins and ends, in milliseconds of the clock. */
  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  /** Sets the measured time: requests that are due in it are measured, however late the answer. */
  setWindow(from: number, duration: number): void {
    this.#from = this.#last.at = from;
    this.#to = from + duration;
  }

  /** Ends the measurement, unless it has ended. A request sent at this very moment is measured. */
  end(now: number): void {
    this.#to = Math.min(this.#to, Math.max(now + NANOSECOND_MS, this.#from));
  }

  /** Whether a moment is in the measured time. */
  inWindow(moment: number): boolean {
    return moment >= this.#from && moment < this.#to;
  }

  /** Records the answer to a request that was due at `due` and sent at `sent`. */
  recordAnswer(
    now: number,
    { due, sent, slot }: { readonly due: number; readonly sent: number; readonly slot: number },
  ): void {
    const inTime = this.inWindow(now);
    if (inTime) this.arrived++;
    this.#slices[0].record(now - due);
    if (!this.inWindow(due)) return;
    if (!inTime) this.after++;
    this.answers[slot]!++;
    this.latency.record(now - due);
    this.uncorrected?.record(now - sent);
  }

  /** Records how long a part of a connection took that was due at `due`. */
  recordPart(due: number, { name, took }: { readonly name: string; readonly took: number }): void {
    if (this.inWindow(due)) this.#part(name).record(took);
  }

  /** Records the failure of a request that was due at `due`. */
  recordFailure(due: number, kind: string): void {
    if (!this.inWindow(due)) return;
    this.failed++;
    this.#count(kind, 1);
  }

  /** Records a failure that concerns no request. */
  recordProblem(now: number, kind: string): void {
    if (this.inWindow(now)) this.#count(kind, 1);
  }

  /** Records that a connection was made again. */
  recordReconnect(now: number): void {
    if (this.inWindow(now)) this.reconnects++;
  }

  /** Records what the system knew of a connection at its end. */
  recordTcp(tcp: TcpTotals): void {
    this.tcp = addTcp(this.tcp, tcp);
  }

  /** Records how late the generator itself was. */
  recordLateness(now: number, milliseconds: number): void {
    if (this.inWindow(now)) this.lateness.record(milliseconds);
  }

  /** Records that the generator stood still until now. */
  recordStall(now: number, milliseconds: number): void {
    if (this.inWindow(now)) this.stalledMs += milliseconds;
  }

  /** Records how long the generator waited for a CPU, in the measured time; NaN: not known. */
  recordWait(milliseconds: number): void {
    if (milliseconds > this.stalledMs) this.stalledMs = milliseconds;
  }

  /** Everything that was recorded, for another thread. */
  encode(): EncodedRecorder {
    const { arrived, after, failed, reconnects, answers, tcp, stalledMs } = this;
    return {
      ...{ arrived, after, failed, reconnects, answers, tcp, stalledMs },
      latency: this.latency.encode(),
      uncorrected: this.uncorrected?.encode(),
      lateness: this.lateness.encode(),
      parts: [...this.parts].map(([name, histogram]) => [name, histogram.encode()]),
      errors: [...this.errors],
    };
  }

  /** Adds what another recorder has recorded. */
  add({ latency, uncorrected, lateness, parts, errors, ...counts }: EncodedRecorder): void {
    const { decode } = this.#histograms;
    this.latency.add(decode(latency));
    if (uncorrected) this.uncorrected?.add(decode(uncorrected));
    this.lateness.add(decode(lateness));
    for (const [name, hdr] of parts) this.#part(name).add(decode(hdr));
    for (const [kind, count] of errors) this.#count(kind, count);
    this.arrived += counts.arrived;
    this.after += counts.after;
    this.failed += counts.failed;
    this.reconnects += counts.reconnects;
    this.stalledMs += counts.stalledMs;
    this.answers.push(...counts.answers);
    this.tcp = addTcp(this.tcp, counts.tcp);
  }

  #part(name: string): Histogram {
    const histogram = this.parts.get(name) ?? this.#histograms.create();
    this.parts.set(name, histogram);
    return histogram;
  }

  #count(kind: string, count: number): void {
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + count);
  }

  /** Begins the first slice with the measured time. */
  beginSlices(): void {
    this.#slices[0].reset();
  }

  /** Ends the current slice and begins the next one. */
  endSlice(now: number): RecordedSlice {
    const { at, failed } = this.#last;
    this.#last = { at: now, failed: this.failed };
    const latencies = this.#slices[0];
    this.#slices.reverse();
    this.#slices[0].reset();
    return { atMs: now - this.#from, lastedMs: now - at, failed: this.failed - failed, latencies };
  }
}
