/** The buffer that a connection reads into. */

/** Where reads go, and the chunks that they leave there. */
export interface ChunkBuffer {
  /** Where the next read goes; invalidates the last chunk. */
  space(): Uint8Array;
  /** The chunk that a read of `length` bytes has left in the space. */
  chunk(length: number): Uint8Array;
}

/**
 * A buffer of a size that is known, or else one that fits itself to what comes. The runtime asks the
 * system again at once after a read that filled its buffer, and waits for the poller after others.
 */
export function bufferOf(bytes: number | undefined): ChunkBuffer {
  return bytes ? new FixedBuffer(bytes) : new ReadBuffer();
}

class FixedBuffer implements ChunkBuffer {
  readonly #bytes: Uint8Array;

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes);
  }

  space(): Uint8Array {
    return this.#bytes;
  }

  chunk(length: number): Uint8Array {
    return length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, length);
  }
}

const MIN_BUFFER_BYTES = 1024; // what an idle connection costs
const MAX_BUFFER_BYTES = 512 * 1024; // beyond it a bulk transfer gains nothing
const GROWTH_FACTOR = 4;
const SMALL_READS_BEFORE_SHRINKING = 8;

/**
 * One buffer for all reads of a connection. It grows after a read that filled it, up to 512 KiB,
 * and shrinks after several reads in a row that left most of it unused, to what they needed.
 *
 * @example
 * ```ts
 * import { ReadBuffer } from "./read_buffer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new ReadBuffer();
 * buffer.space().set([1, 2, 3]);
 * assertEquals(buffer.chunk(3), new Uint8Array([1, 2, 3]));
 * ```
 */
export class ReadBuffer implements ChunkBuffer {
  readonly #minBytes: number;
  #buffer: Uint8Array;
  #chunk: Uint8Array;
  #nextBytes: number;
  #smallReads = 0;
  #largestSmallRead = 0;

  /** @param minBytes the size that the buffer begins with and shrinks to */
  constructor(minBytes: number = MIN_BUFFER_BYTES) {
    this.#minBytes = this.#nextBytes = minBytes;
    this.#buffer = this.#chunk = new Uint8Array(minBytes);
  }

  space(): Uint8Array {
    if (this.#buffer.length !== this.#nextBytes) this.#buffer = new Uint8Array(this.#nextBytes);
    return this.#buffer;
  }

  chunk(length: number): Uint8Array {
    // Messages of one size are common, so that the last view often serves again.
    if (this.#chunk.length !== length || this.#chunk.buffer !== this.#buffer.buffer) {
      this.#chunk = this.#buffer.subarray(0, length);
    }
    this.#resize(length);
    return this.#chunk;
  }

  #resize(length: number): void {
    const { length: size } = this.#buffer;
    if (length === size) {
      this.#nextBytes = Math.min(size * GROWTH_FACTOR, MAX_BUFFER_BYTES);
    } else if (length <= size / GROWTH_FACTOR && size > this.#minBytes) {
      this.#largestSmallRead = Math.max(this.#largestSmallRead, length);
      if (++this.#smallReads < SMALL_READS_BEFORE_SHRINKING) return;
      this.#nextBytes = this.#minBytes;
      while (this.#nextBytes <= this.#largestSmallRead) this.#nextBytes *= GROWTH_FACTOR;
    }
    this.#smallReads = this.#largestSmallRead = 0;
  }
}
