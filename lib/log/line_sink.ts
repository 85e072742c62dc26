/** Lines on their way to a terminal, a file or a pipe that perhaps nobody reads. */
import { writeAll, type Writer } from "../core/io.ts";
import { type Clock, systemClock, type Wait, wait } from "../core/clock.ts";

const GATHER = 10; // milliseconds; a busy sink writes a batch this often

/**
 * Writes lines in batches, without ever making its caller wait. The first line after a pause goes
 * out at once. The caller looks at `backlog` and decides what to leave out.
 */
export class LineSink {
  readonly #to: Writer;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #encoder = new TextEncoder();
  #lines: string[] = [];
  #backlog = 0;
  #draining: Promise<void> | undefined;
  #gathering: Wait | undefined;
  #hurry = false;
  #broken = false;

  /** `onError` learns once that nothing more can be written. */
  constructor(
    to: Writer,
    { onError = () => {}, clock = systemClock }: {
      onError?: (error: unknown) => void;
      clock?: Clock;
    } = {},
  ) {
    this.#to = to;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Characters that wait to be written; without end where nothing more can be. */
  get backlog(): number {
    return this.#broken ? Infinity : this.#backlog;
  }

  /** Queues a line, or several, each with its line end. */
  push(lines: string): void {
    if (this.#broken) return;
    this.#lines.push(lines);
    this.#backlog += lines.length;
    this.#draining ??= this.#drain();
  }

  /** Waits until all is written, or for `patience` milliseconds; returns whether all is. */
  async flush(patience: number): Promise<boolean> {
    this.#hurry = true;
    this.#gathering?.cut();
    const limit = wait(this.#clock, patience);
    await Promise.race([this.#draining, limit.over]);
    limit.cut();
    this.#hurry = false;
    return this.#lines.length === 0 && this.#draining === undefined;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // whoever pushes may have an echo to send first
    try {
      while (this.#lines.length > 0) {
        const batch = this.#lines.join("");
        this.#lines = [];
        await writeAll(this.#to, this.#encoder.encode(batch));
        this.#backlog -= batch.length;
        if (this.#lines.length === 0 || this.#hurry) continue;
        this.#gathering = wait(this.#clock, GATHER);
        await this.#gathering.over;
      }
    } catch (error) {
      this.#broken = true;
      this.#lines = [];
      this.#backlog = 0;
      this.#onError(error);
    }
    this.#draining = undefined;
  }
}
