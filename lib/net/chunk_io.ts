/** What is beneath a stream of bytes: buffers, counts, and the calls that move a chunk. */
import type { Output } from "../terminal/output.ts";

/** What bytes are read from: a `Deno.Conn`, `Deno.stdin`. */
export interface Reads {
  /** Resolves with how many bytes were read, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** Called with each chunk, which it must copy to keep. */
export type Seen = (chunk: Uint8Array) => void;

/** How a {@linkcode ChunkSource} reads. */
export interface ReadOptions {
  /** Transform streams between this source and its sink: each holds one chunk back. */
  readonly stages?: number;
  /** Size of the first buffer, in bytes. */
  readonly firstBuffer?: number;
}

/** How a {@linkcode ChunkSink} ends. */
export interface WriteOptions {
  /** Everything is written; nothing more will come. */
  readonly close?: () => Promise<void> | void;
  /** The source failed; what was asked for can no longer be completed. */
  readonly abort?: () => void;
}

const SMALLEST_BUFFER = 1024; // what an idle connection costs
const LARGEST_BUFFER = 512 * 1024; // beyond it a bulk transfer gains nothing
const GROWTH = 4; // a read that fills its buffer is followed by one into a larger buffer
const SHRINK_AFTER = 8; // reads in a row that fill a fraction of their buffer, and it is given up
const NOTHING = new Uint8Array(0);

/** The buffers of one direction: a ring, growing while reads fill them. */
export class ChunkSource {
  /** Whoever replaces it does so before the first read. */
  from: Reads;
  /** Sees each chunk before its reader does. */
  seen: Seen | undefined = undefined;
  /** Chunks and bytes read so far. */
  chunks = 0;
  bytes = 0;
  readonly #ring: Uint8Array[];
  readonly #firstSize: number;
  #view: Uint8Array = NOTHING;
  #slot = 0;
  #size: number;
  #smallReads = 0;

  constructor(from: Reads, { stages = 0, firstBuffer = SMALLEST_BUFFER }: ReadOptions = {}) {
    this.from = from;
    this.#ring = new Array(stages + 1).fill(NOTHING);
    this.#size = this.#firstSize = firstBuffer;
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
    this.chunks++;
    this.bytes += length;
    if (this.seen) this.seen(this.#view);
    return this.#view;
  }

  #adapt(length: number, size: number): void {
    if (length === size) {
      this.#size = Math.min(size * GROWTH, LARGEST_BUFFER);
    } else if (length <= size / GROWTH && size > this.#firstSize) {
      if (++this.#smallReads < SHRINK_AFTER) return;
      this.#size = this.#firstSize;
    }
    this.#smallReads = 0;
  }
}

/** Where chunks go. */
export class ChunkSink {
  /** Whoever replaces it does so before the first write. */
  to: Output;
  readonly close: WriteOptions["close"];
  readonly abort: WriteOptions["abort"];
  /** Sees what was written. */
  seen: Seen | undefined;
  /** Bytes written so far. */
  bytes = 0;

  constructor(to: Output, { close, abort }: WriteOptions = {}) {
    this.to = to;
    this.close = close;
    this.abort = abort;
  }

  /** Takes note of the first `count` bytes of a chunk, and returns that count. */
  wrote(chunk: Uint8Array, count: number): number {
    this.bytes += count;
    if (this.seen) this.seen(count === chunk.length ? chunk : chunk.subarray(0, count));
    return count;
  }

  /** Writes a chunk whole. */
  async write(chunk: Uint8Array): Promise<void> {
    const written = this.wrote(chunk, await this.to.write(chunk));
    if (written < chunk.length) await this.writeRest(chunk, written);
  }

  /** Writes what is left of a chunk after its first `count` bytes. */
  async writeRest(chunk: Uint8Array, count: number): Promise<void> {
    for (let rest = chunk.subarray(count); rest.length > 0;) {
      rest = rest.subarray(this.wrote(rest, await this.to.write(rest)));
    }
  }
}
