/**
 * Web streams over raw reads and writes.
 *
 * The runtime's own socket streams are not used: they allocate 64 KiB for each chunk and close the
 * whole socket at the end of either direction, so that a half-closing client loses data
 * (denoland/deno#22258, #27510).
 */
import { type Reader, writeAll, type Writer } from "../core/io.ts";
import type { ChunkReader, ChunkWriter } from "./duplex.ts";
import { ReadBuffer } from "./read_buffer.ts";

/**
 * The stream of what a reader reads. A chunk is valid until the next one is asked for.
 *
 * @example
 * ```ts
 * import { chunksOf, readableFrom } from "./streams.ts";
 * import { toText } from "@std/streams/to-text";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.open("LICENSE");
 * const text = await toText(readableFrom(chunksOf(file)));
 * file.close();
 * assertEquals(text, await Deno.readTextFile("LICENSE"));
 * ```
 */
export function readableFrom(reader: ChunkReader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await reader.read();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    // A high-water mark of 0 keeps the stream from reading ahead into a buffer that is in use.
  }, { highWaterMark: 0 });
}

/**
 * The stream whose chunks a writer writes. It is closed by a half-close, and aborted by a close.
 */
export function writableTo(
  writer: ChunkWriter & { close?(): void },
): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (chunk) => writer.write(chunk),
    close: () => writer.closeWrite(),
    abort: () => writer.close?.(),
    // The high-water mark is 1 by default: a second chunk would be in the first one's buffer.
  });
}

/** Reads chunks from what reads bytes. `minBytes` is the size that its buffer begins with. */
export function chunksOf(from: Reader, minBytes?: number): ChunkReader {
  const buffer = new ReadBuffer(minBytes);
  return {
    async read() {
      const length = await from.read(buffer.space());
      return length === null ? null : buffer.chunk(length);
    },
  };
}

/** Writes chunks to what takes bytes, and leaves it open at the end. */
export function chunksTo(to: Writer): ChunkWriter {
  return { write: (chunk) => writeAll(to, chunk), closeWrite: () => Promise.resolve() };
}

/** Has the runtime load its streams now rather than while the first peer waits: it takes 5 ms. */
export function preloadStreams(): void {
  void [ReadableStream, WritableStream];
}
