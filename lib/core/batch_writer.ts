/** Writing in the background, in batches. */
import { concat } from "@std/bytes/concat";
import { type Clock, delay, settlesWithin, systemClock } from "./clock.ts";
import { writeAll, type Writer } from "./io.ts";

/** How a {@linkcode BatchWriter} writes. */
export interface BatchWriterOptions {
  /** Milliseconds between two batches while there is always more; by default none. */
  readonly gatherMs?: number;
  /** Called once, with what a write has failed with; nothing is written after that. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
}

/**
 * Takes texts and bytes without making its caller wait, and writes what has accumulated in one
 * piece. The first piece after a pause is written at once. `backlog` says how much waits: the
 * caller decides what to do when it grows.
 *
 * @example
 * ```ts
 * import { BatchWriter } from "./batch_writer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const written: string[] = [];
 * const writer = new BatchWriter({
 *   write(bytes) {
 *     written.push(new TextDecoder().decode(bytes));
 *     return Promise.resolve(bytes.length);
 *   },
 * });
 * writer.push("one\n");
 * writer.push("two\n");
 * assertEquals(await writer.flush(1000), true);
 * assertEquals(written, ["one\ntwo\n"]);
 * ```
 */
export class BatchWriter {
  readonly #to: Writer;
  readonly #gatherMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #clock: Clock;
  readonly #encoder = new TextEncoder();
  #pieces: (string | Uint8Array)[] = [];
  #backlog = 0;
  #writing: Promise<void> | undefined;
  #hurry = new AbortController();
  #failed = false;

  constructor(
    to: Writer,
    { gatherMs = 0, onError = () => {}, clock = systemClock }: BatchWriterOptions = {},
  ) {
    this.#to = to;
    this.#gatherMs = gatherMs;
    this.#onError = onError;
    this.#clock = clock;
  }

  /** Characters and bytes that wait to be written; infinite when a write has failed. */
  get backlog(): number {
    return this.#failed ? Infinity : this.#backlog;
  }

  /** Adds a piece. Bytes must not change any more. */
  push(piece: string | Uint8Array): void {
    if (this.#failed) return;
    this.#pieces.push(piece);
    this.#backlog += piece.length;
    this.#writing ??= this.#write();
  }

  /** Waits until all is written, or for `milliseconds`; returns whether all is. */
  async flush(milliseconds: number): Promise<boolean> {
    const hurry = this.#hurry;
    hurry.abort();
    await settlesWithin(this.#writing, { clock: this.#clock, milliseconds });
    if (this.#hurry === hurry) this.#hurry = new AbortController();
    return this.#backlog === 0 && this.#writing === undefined;
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // the caller may have an echo to send first
    try {
      while (this.#pieces.length > 0) {
        const pieces = this.#pieces;
        this.#pieces = [];
        await writeAll(this.#to, this.#encode(pieces));
        this.#backlog -= pieces.reduce((sum, { length }) => sum + length, 0);
        if (this.#pieces.length === 0 || this.#gatherMs === 0) continue;
        await delay(this.#gatherMs, { clock: this.#clock, signal: this.#hurry.signal });
      }
    } catch (error) {
      this.#failed = true;
      this.#pieces = [];
      this.#backlog = 0;
      this.#onError(error);
    }
    this.#writing = undefined;
  }

  // Texts are joined before they are encoded, which is faster than one by one.
  #encode(pieces: readonly (string | Uint8Array)[]): Uint8Array {
    if (pieces.every((piece) => typeof piece === "string")) {
      return this.#encoder.encode(pieces.join(""));
    }
    return concat(
      pieces.map((piece) => typeof piece === "string" ? this.#encoder.encode(piece) : piece),
    );
  }
}
