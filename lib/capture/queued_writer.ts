/** A pipe that takes what it is given without making the giver wait. */
import { writeAll, type Writer } from "../core/io.ts";
import { atMost, type Clock } from "../core/clock.ts";
import { concat } from "@std/bytes/concat";

const MOST = 64 * 1024 * 1024; // bytes that wait for the reader

/**
 * Takes blocks at once and writes them as their reader takes them. Nothing is left out: where more
 * would wait than there is room for, it fails.
 */
export class QueuedFile {
  readonly #to: Writer;
  #blocks: Uint8Array[] = [];
  #waiting = 0; // bytes
  #draining: Promise<void> | undefined;
  #failure: { readonly reason: unknown } | undefined;

  constructor(to: Writer) {
    this.#to = to;
  }

  /** Takes a block, which must not change any more. Throws what an earlier one has failed with. */
  writeSync(block: Uint8Array): number {
    if (this.#failure) throw this.#failure.reason;
    if (this.#waiting + block.length > MOST) throw new Error("its reader is too slow");
    this.#blocks.push(block);
    this.#waiting += block.length;
    this.#draining ??= this.#drain();
    return block.length;
  }

  /** Waits until all is written, or for `patience` milliseconds; returns whether all is. */
  async flush(patience: number, clock: Clock): Promise<boolean> {
    await atMost(this.#draining, { clock, milliseconds: patience });
    return this.#waiting === 0;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#blocks.length > 0) {
        const batch = concat(this.#blocks);
        this.#blocks = [];
        await writeAll(this.#to, batch);
        this.#waiting -= batch.length;
      }
    } catch (reason) {
      this.#failure = { reason };
    }
    this.#draining = undefined;
  }
}
