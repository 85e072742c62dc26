/** What a capture is written to. */
import { BatchWriter } from "../core/batch_writer.ts";
import type { Writer } from "../core/io.ts";

const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** A file, or a pipe, that blocks are written to. */
export interface CaptureFile {
  /** Takes a block, or a part of it; returns how many bytes. */
  writeSync(block: Uint8Array): number;
  truncateSync?(size: number): void;
  /** Waits until all is written, at most `milliseconds`; returns whether it is. Rejects if a write failed. */
  flush?(milliseconds: number): Promise<boolean>;
  close?(): void;
}

/**
 * A pipe as a capture file. Blocks are written as their reader takes them. Nothing is left out:
 * where more would have to wait than there is room for, or an earlier write has failed, `writeSync`
 * throws.
 */
export function queuedFile(to: Writer): CaptureFile {
  let failure: { readonly error: unknown } | undefined;
  const writer = new BatchWriter(to, { onError: (error) => failure = { error } });
  return {
    writeSync(block) {
      if (failure) throw failure.error;
      if (writer.backlog + block.length > MAX_QUEUED_BYTES) {
        throw new Error("its reader is too slow");
      }
      writer.push(block);
      return block.length;
    },
    async flush(milliseconds) {
      const written = await writer.flush(milliseconds);
      if (failure) throw failure.error;
      return written;
    },
  };
}
