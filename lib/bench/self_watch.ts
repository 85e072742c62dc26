/** What a load generator finds out about itself while it runs. */
import { type Clock, every } from "../core/clock.ts";
import type { Recorder } from "./recorder.ts";

const SAMPLE_MS = 10; // between two looks at the event loop
const MIN_STALL_MS = 5; // a timer may be as late as this without one

/** What a {@linkcode SelfWatch} works with. */
export interface SelfWatchContext {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** An open loop measures how late its requests are sent, and not how long a turn takes. */
  readonly isOpen: boolean;
  /** How long this thread has waited for a CPU; undefined where that is not known. */
  readonly cpuWaitMs?: (() => number | undefined) | undefined;
}

/** Measures how long a turn of the event loop takes, and for how long nothing could run. */
export class SelfWatch {
  readonly #watching: SelfWatchContext;
  readonly #stop: () => void;
  #sampledAt = Infinity;
  #waitedMs = NaN; // until the measurement

  /** Begins to look. */
  constructor(watching: SelfWatchContext) {
    this.#watching = watching;
    this.#stop = every(watching.clock, SAMPLE_MS, () => this.#sample());
  }

  beginMeasuring(): void {
    this.#waitedMs = this.#cpuWaitMs;
  }

  endMeasuring(): void {
    this.#watching.recorder.recordWait(this.#cpuWaitMs - this.#waitedMs);
  }

  stop(): void {
    this.#stop();
  }

  get #cpuWaitMs(): number {
    return this.#watching.cpuWaitMs?.() ?? NaN;
  }

  #sample(): void {
    const { clock, recorder, isOpen } = this.#watching;
    const now = clock.now();
    const late = now - this.#sampledAt - SAMPLE_MS;
    if (late > MIN_STALL_MS) recorder.recordStall(now, late);
    this.#sampledAt = now;
    if (isOpen) return;
    const onTurn = (wake: () => void) => clock.turn ? clock.turn(wake) : clock.soon(wake);
    onTurn(() => {
      const begun = clock.now();
      onTurn(() => recorder.recordLateness(begun, clock.now() - begun));
    });
  }
}
