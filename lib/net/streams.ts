/**
 * Web streams over anything that reads and writes bytes, and the pump between two of them.
 *
 * The runtime's own socket streams are not used: they allocate 64 KiB for each chunk and close the
 * whole socket at the end of either direction, so that a half-closing client loses data
 * (denoland/deno#22258, #27510).
 */
import type { Output } from "../terminal/output.ts";
import {
  ChunkSink,
  ChunkSource,
  type ReadOptions,
  type Reads,
  type WriteOptions,
} from "./chunk_io.ts";

// What a stream of this file reads from or writes to. A property rather than a subclass: the runtime
// loads its streams, which takes 5 ms, when somebody first names them.
const BENEATH = Symbol("beneath");

/** Where bytes come from and where they go. */
export interface Streams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * A stream of what `from` reads. A chunk belongs to its reader until it asks for the next one:
 * the buffers are used again, one for the reader and one for each stage.
 *
 * @example
 * ```ts
 * import { byteReadable } from "./streams.ts";
 * import { toText } from "@std/streams/to-text";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.open("LICENSE");
 * const text = await toText(byteReadable(file));
 * file.close();
 * assertEquals(text, await Deno.readTextFile("LICENSE"));
 * ```
 */
export function byteReadable(from: Reads, options?: ReadOptions): ReadableStream<Uint8Array> {
  return readableOf(new ChunkSource(from, options));
}

/** A stream that writes each chunk whole to `to` before it takes the next one. */
export function byteWritable(to: Output, options?: WriteOptions): WritableStream<Uint8Array> {
  return writableOf(new ChunkSink(to, options));
}

/** A stream that throws away what it is given. */
export function nowhere(): WritableStream<Uint8Array> {
  return byteWritable({ write: ({ length }) => Promise.resolve(length) });
}

/** The stream of a source. */
export function readableOf(source: ChunkSource): ReadableStream<Uint8Array> {
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const length = await source.from.read(source.buffer());
      if (length === null) controller.close();
      else controller.enqueue(source.take(length));
    },
    // A high-water mark of 0 keeps the source from reading ahead into a buffer that is in use.
  }, { highWaterMark: 0 });
  return Object.assign(stream, { [BENEATH]: source });
}

/** The stream of a sink. */
export function writableOf(sink: ChunkSink): WritableStream<Uint8Array> {
  const stream = new WritableStream<Uint8Array>({
    write: (chunk) => sink.write(chunk),
    close: sink.close,
    abort: sink.abort,
    // The high-water mark is 1 by default: a second chunk would be in the first one's buffer.
  });
  return Object.assign(stream, { [BENEATH]: sink });
}

/** What is beneath two streams that nobody reads or writes yet, where both are of this file. */
export function beneath(
  { readable, writable }: Streams,
): { readonly source: ChunkSource; readonly sink: ChunkSink } | undefined {
  const { [BENEATH]: source } = readable as { [BENEATH]?: ChunkSource };
  const { [BENEATH]: sink } = writable as { [BENEATH]?: ChunkSink };
  if (!source || !sink || readable.locked || writable.locked) return undefined;
  return { source, sink };
}

/** Has the runtime load its streams now rather than while the first peer waits. */
export function preloadStreams(): void {
  void [ReadableStream, WritableStream];
}

/**
 * Moves everything from one stream to the other, then closes the other; a failure on one side
 * aborts the other, unless that is prevented. It takes both streams over for good.
 *
 * Without stages in between it works on what is beneath the streams: their queues cost more than
 * the two system calls that a small message needs, and their locks a kilobyte a connection.
 *
 * @throws whatever the reading or the writing side failed with
 */
export async function pump(
  readable: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  { preventAbort = false }: { readonly preventAbort?: boolean } = {},
): Promise<void> {
  const direct = beneath({ readable, writable });
  if (!direct) return await readable.pipeTo(writable, { preventAbort });
  const { source, sink } = direct;
  let reading = true;
  try {
    for (;;) {
      reading = true;
      const length = await source.from.read(source.buffer());
      if (length === null) break;
      const chunk = source.take(length);
      reading = false;
      const written = sink.wrote(chunk, await sink.to.write(chunk));
      if (written < length) await sink.writeRest(chunk, written);
    }
  } catch (error) {
    if (reading && !preventAbort) sink.abort?.(); // a sink that failed is its owner's to close
    throw error;
  }
  await sink.close?.();
}
