/** Sending at a rate. */
import { type Clock, delay } from "../core/clock.ts";
import { pollSockets } from "../core/runtime.ts";
import { LONGEST_WAIT_MS } from "../core/units.ts";

// What a timer may be late by; meanwhile so much falls due, and leaves as a burst.
const TIMER_MS = 2.5;
const MAX_BURST_BYTES = 32 * 1024; // a socket's buffer for datagrams takes some 100 KiB of them

/** Holds a sender back until its next bytes are due. */
export class Pacer {
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #bytesPerMs: number;
  readonly #start: number;
  #bytes = 0;

  /** The rate counts from now on; after the signal, nothing is waited for. */
  constructor(
    bitsPerSecond: number,
    { clock, stop }: { readonly clock: Clock; readonly stop: AbortSignal },
  ) {
    this.#clock = clock;
    this.#stop = stop;
    this.#bytesPerMs = bitsPerSecond / 8000;
    this.#start = clock.now();
  }

  /** Counts what is to be sent; what is returned resolves when it is due, if it is not yet. */
  next(bytes: number): Promise<void> | undefined {
    const due = this.#start + this.#bytes / this.#bytesPerMs;
    this.#bytes += bytes;
    const left = due - this.#clock.now();
    if (left <= 0) return undefined;
    const burst = this.#bytesPerMs * TIMER_MS;
    if (bytes < MAX_BURST_BYTES && burst > MAX_BURST_BYTES) return this.#awake(due);
    const milliseconds = Math.min(Math.max(1, left), LONGEST_WAIT_MS);
    return delay(milliseconds, { clock: this.#clock, signal: this.#stop });
  }

  async #awake(due: number): Promise<void> {
    while (due > this.#clock.now() && !this.#stop.aborted) await pollSockets();
  }
}
