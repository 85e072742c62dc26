/** What streams carry: one block of bytes, again and again, that both sides know. */
import { sameBytes } from "../core/bytes.ts";
import { seeded } from "../core/random.ts";

const SEED = 5201;
const CHUNK_BYTES = 1 << 20; // what is written at once: with less, each system call costs more
const MAX_KEPT = 4;

/** The block of some tests, made when it is first asked for. */
export class Payload {
  readonly blockBytes: number;
  #block: Uint8Array<ArrayBuffer> | undefined;
  #chunk: Uint8Array | undefined;

  constructor(blockBytes: number) {
    this.blockBytes = blockBytes;
  }

  /** The block. */
  get block(): Uint8Array<ArrayBuffer> {
    return this.#block ??= makeBlock(this.blockBytes);
  }

  /** The same, as often as it fits into what is written at once. */
  get chunk(): Uint8Array {
    return this.#chunk ??= repeated(this.block);
  }
}

const kept = new Map<number, Payload>();

/** The payload of blocks of a size; tests share it, as it never changes. */
export function payloadOf(blockBytes: number): Payload {
  const payload = kept.get(blockBytes) ?? new Payload(blockBytes);
  kept.delete(blockBytes);
  kept.set(blockBytes, payload);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
  return payload;
}

function makeBlock(bytes: number): Uint8Array<ArrayBuffer> {
  const random = seeded(SEED);
  const words = new Uint32Array(Math.ceil(bytes / 4)).map(() => random() * 2 ** 32);
  return new Uint8Array(words.buffer).slice(0, bytes);
}

function repeated(block: Uint8Array): Uint8Array {
  const copies = Math.max(1, Math.floor(CHUNK_BYTES / block.length));
  const chunk = new Uint8Array(copies * block.length);
  for (let copy = 0; copy < copies; copy++) chunk.set(block, copy * block.length);
  return chunk;
}

/** Compares what comes with the block, wherever in it a chunk begins. */
export class PayloadCheck {
  readonly #block: Uint8Array<ArrayBuffer>;
  /** Bytes that were others than those of the block. */
  corrupt = 0;

  constructor({ block }: Payload) {
    this.#block = block;
  }

  /** Checks a chunk that begins so many bytes behind the beginning of a block. */
  check(chunk: Uint8Array, offset: number): void {
    const { length } = this.#block;
    for (let at = 0; at < chunk.length;) {
      const within = (offset + at) % length;
      const part = chunk.subarray(at, at + length - within);
      const wanted = this.#block.subarray(within, within + part.length);
      if (!sameBytes(part, wanted)) {
        this.corrupt += part.filter((byte, index) => byte !== wanted[index]).length;
      }
      at += part.length;
    }
  }
}
