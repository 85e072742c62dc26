/** What a capture is written to. */
import { BatchWriter } from "../core/batch_writer.ts";
import type { Writer } from "../core/io.ts";
import { type MemoryBudget, memoryBudget } from "../core/memory_budget.ts";

const PART_BYTES = 64 * 1024; // so that it is seen whether the reader moves
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** A file, or a pipe, that blocks are written to. */
export interface CaptureFile {
  /** Takes a block, or a part of it; returns how many bytes. */
  writeSync(block: Uint8Array): number;
  truncateSync?(size: number): void;
  /** Waits until all is written, or nothing is for `milliseconds`; returns whether it is. Rejects if a write failed. */
  flush?(milliseconds: number): Promise<boolean>;
  close?(): void;
}

/** How a {@linkcode queuedFile} writes. */
export interface QueuedFileOptions {
  /** Bytes written at once, at most. */
  readonly partBytes?: number;
  readonly budget?: MemoryBudget;
}

/**
 * A pipe as a capture file. Blocks are written as their reader takes them. Nothing is left out:
 * where more would have to wait than there is room for, or an earlier write has failed, `writeSync`
 * throws.
 */
export function queuedFile(
  to: Writer,
  { partBytes = PART_BYTES, budget = memoryBudget }: QueuedFileOptions = {},
): CaptureFile {
  let failure: { readonly error: unknown } | undefined;
  let written = 0; // bytes
  let held = 0; // bytes
  const letGo = (length: number) => {
    held -= length;
    budget.give(length);
  };
  const inParts = {
    async write(bytes: Uint8Array) {
      const length = await to.write(bytes.subarray(0, partBytes));
      written += length;
      letGo(length);
      return length;
    },
  };
  const fail = (error: unknown) => {
    failure = { error };
    letGo(held);
  };
  const writer = new BatchWriter(inParts, { onError: fail });
  return {
    writeSync(block) {
      if (failure) throw failure.error;
      if (writer.backlog + block.length > MAX_QUEUED_BYTES) {
        throw new Error("its reader is too slow");
      }
      held += block.length;
      budget.take(block.length);
      writer.push(block);
      return block.length;
    },
    async flush(milliseconds) {
      let whole = false;
      // As long as the reader moves.
      for (let before = -1; !whole && before < written;) {
        before = written;
        whole = await writer.flush(milliseconds);
        if (failure) throw failure.error;
      }
      return whole;
    },
  };
}
