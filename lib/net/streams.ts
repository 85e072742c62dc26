/**
 * Web streams over anything that reads and writes bytes, and the pump between two of them.
 *
 * The runtime's own socket streams are not used: they allocate 64 KiB for each chunk and close the
 * whole socket at the end of either direction, so that a half-closing client loses data
 * (denoland/deno#22258, #27510).
 */

import type { Output } from "../output.ts";

/** What bytes are read from: a `Deno.Conn`, `Deno.stdin`. */
export interface Reads {
  read(into: Uint8Array): Promise<number | null>;
}

/** Called with each chunk, which it must copy to keep. */
export type Seen = (chunk: Uint8Array) => void;

const SMALLEST_BUFFER = 1024; // what an idle connection costs
const LARGEST_BUFFER = 512 * 1024; // beyond it a bulk transfer gains nothing
const GROWTH = 4; // a read that fills its buffer is followed by one into a larger buffer
const SHRINK_AFTER = 64; // reads in a row that would have fitted into a smaller one

// What a stream of this file reads from or writes to. A property rather than a subclass: the runtime
// loads its streams, which takes 5 ms, when somebody first names them.
const BENEATH = Symbol("beneath");

const NOTHING = new Uint8Array(0);

/** How a {@linkcode byteReadable} reads. */
export interface ReadOptions {
  /** Transform streams between this source and its sink: each holds one chunk back. */
  readonly stages?: number;
  /** Size of the first buffer, in bytes. */
  readonly firstBuffer?: number;
  readonly seen?: Seen;
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
export function byteReadable(from: Reads, options: ReadOptions = {}): ReadableStream<Uint8Array> {
  const source = new ChunkSource(from, options);
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const count = await from.read(source.buffer());
      if (count === null) controller.close();
      else controller.enqueue(source.take(count));
    },
    // A high-water mark of 0 keeps the source from reading ahead into a buffer that is in use.
  }, { highWaterMark: 0 });
  return Object.assign(stream, { [BENEATH]: source });
}

/** Has the runtime load its streams now rather than while the first peer waits. */
export function preloadStreams(): void {
  void [ReadableStream, WritableStream];
}

/** How a {@linkcode byteWritable} ends. */
export interface WriteOptions {
  readonly seen?: Seen;
  /** Everything is written; nothing more will come. */
  readonly close?: () => Promise<void> | void;
  /** The source failed; what was asked for can no longer be completed. */
  readonly abort?: () => void;
}

/** A stream that writes each chunk whole to `to` before it takes the next one. */
export function byteWritable(to: Output, options: WriteOptions = {}): WritableStream<Uint8Array> {
  const sink = new ChunkSink(to, options);
  const stream = new WritableStream<Uint8Array>({
    write: async (chunk) => {
      const count = sink.wrote(chunk, await to.write(chunk));
      if (count < chunk.length) await sink.writeRest(chunk, count);
    },
    close: options.close,
    abort: options.abort,
    // The high-water mark is 1 by default: a second chunk would be in the first one's buffer.
  });
  return Object.assign(stream, { [BENEATH]: sink });
}

/**
 * Moves everything from one stream to the other, then closes the other; a failure on one side
 * aborts the other. It takes both streams over for good.
 *
 * Without stages in between it works on what is beneath the streams: their queues cost more than
 * the two system calls that a small message needs, and their locks a kilobyte a connection.
 *
 * @throws whatever the reading or the writing side failed with
 */
export async function pump(
  readable: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const { [BENEATH]: source } = readable as { [BENEATH]?: ChunkSource };
  const { [BENEATH]: sink } = writable as { [BENEATH]?: ChunkSink };
  const direct = source && sink && !readable.locked && !writable.locked;
  if (!direct) return await readable.pipeTo(writable);
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
    if (reading) sink.abort?.(); // a sink that failed is its owner's to close
    throw error;
  }
  await sink.close?.();
}

/** The buffers of one direction: a ring, growing while reads fill them. */
class ChunkSource {
  readonly from: Reads;
  readonly #seen: Seen | undefined;
  readonly #ring: Uint8Array[];
  #view: Uint8Array = NOTHING;
  #slot = 0;
  #size: number;
  readonly #firstSize: number;
  #smallReads = 0;

  constructor(from: Reads, { stages = 0, firstBuffer = SMALLEST_BUFFER, seen }: ReadOptions) {
    this.from = from;
    this.#seen = seen;
    this.#size = this.#firstSize = firstBuffer;
    this.#ring = Array.from({ length: stages + 1 }, () => NOTHING);
  }

  /** Where the next read goes. */
  buffer(): Uint8Array {
    if (this.#ring.length > 1) this.#slot = (this.#slot + 1) % this.#ring.length;
    const buffer = this.#ring[this.#slot]!;
    if (buffer.length === this.#size) return buffer;
    return this.#ring[this.#slot] = new Uint8Array(this.#size);
  }

  /** The chunk that a read of `length` bytes left in the buffer. */
  take(length: number): Uint8Array {
    const buffer = this.#ring[this.#slot]!;
    // Messages of one size are common: the view of the last one serves again.
    if (this.#view.length !== length || this.#view.buffer !== buffer.buffer) {
      this.#view = buffer.subarray(0, length);
    }
    this.#adapt(length, buffer.length);
    this.#seen?.(this.#view);
    return this.#view;
  }

  #adapt(length: number, size: number): void {
    if (length === size) {
      this.#size = Math.min(size * GROWTH, LARGEST_BUFFER);
    } else if (length <= size / GROWTH && size > this.#firstSize) {
      if (++this.#smallReads < SHRINK_AFTER) return;
      this.#size = Math.max(size / GROWTH, this.#firstSize);
    }
    this.#smallReads = 0;
  }
}

class ChunkSink {
  readonly to: Output;
  readonly close: WriteOptions["close"];
  readonly abort: WriteOptions["abort"];
  readonly #seen: Seen | undefined;

  constructor(to: Output, { seen, close, abort }: WriteOptions) {
    this.to = to;
    this.close = close;
    this.abort = abort;
    this.#seen = seen;
  }

  /** Takes note of the first `count` bytes of a chunk, and returns that count. */
  wrote(chunk: Uint8Array, count: number): number {
    this.#seen?.(count === chunk.length ? chunk : chunk.subarray(0, count));
    return count;
  }

  /** Writes what is left of a chunk after its first `count` bytes. */
  async writeRest(chunk: Uint8Array, count: number): Promise<void> {
    for (let rest = chunk.subarray(count); rest.length > 0;) {
      rest = rest.subarray(this.wrote(rest, await this.to.write(rest)));
    }
  }
}
