/** What streams carry: one block of bytes, again and again, that both sides know. */
import { sameBytes } from "../core/bytes.ts";
import { seeded } from "../core/random.ts";

const SEED = 5201;
const CHUNK_BYTES = 1 << 20; // what is written at once: with less, each system call costs more

/** The block of a test, of so many bytes. */
export function payloadBlock(bytes: number): Uint8Array<ArrayBuffer> {
  const random = seeded(SEED);
  const words = new Uint32Array(Math.ceil(bytes / 4)).map(() => random() * 2 ** 32);
  return new Uint8Array(words.buffer).slice(0, bytes);
}

/** The same, as often as it fits into what is written at once. */
export function payloadChunk(blockBytes: number): Uint8Array {
  const block = payloadBlock(blockBytes);
  const copies = Math.max(1, Math.floor(CHUNK_BYTES / blockBytes));
  const chunk = new Uint8Array(copies * blockBytes);
  for (let copy = 0; copy < copies; copy++) chunk.set(block, copy * blockBytes);
  return chunk;
}

/** Compares what comes with the block, wherever in it a chunk begins. */
export class PayloadCheck {
  readonly #block: Uint8Array<ArrayBuffer>;
  /** Bytes that were others than those of the block. */
  corrupt = 0;

  constructor(blockBytes: number) {
    this.#block = payloadBlock(blockBytes);
  }

  /** Checks a chunk that begins so many bytes behind the beginning of a block. */
  check(chunk: Uint8Array, offset: number): void {
    const { length } = this.#block;
    for (let at = 0; at < chunk.length;) {
      const within = (offset + at) % length;
      const part = chunk.subarray(at, at + length - within);
      const wanted = this.#block.subarray(within, within + part.length);
      if (!sameBytes(part, wanted)) {
        this.corrupt += part.filter((byte, i) => byte !== wanted[i]).length;
      }
      at += part.length;
    }
  }
}
