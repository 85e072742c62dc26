/** Buffers that datagrams are received into. */
import { maxDatagramBytes } from "../../datagram_size.ts";

const BUFFERS_PER_BLOCK = 64;

/**
 * Lends buffers for the largest datagram. They are parts of large blocks, of which the system
 * provides the pages that are written to: a socket with small datagrams costs 4 KiB instead of 64.
 */
export class DatagramBuffers {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** Lends one. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#free.length === 0) this.#addBlock();
    return this.#free.pop()!;
  }

  /** Takes one back, which nobody writes to any more. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#free.push(buffer);
  }

  #addBlock(): void {
    const size = maxDatagramBytes("::");
    const block = new ArrayBuffer(size * BUFFERS_PER_BLOCK);
    for (let number = BUFFERS_PER_BLOCK - 1; number >= 0; number--) {
      this.#free.push(new Uint8Array(block, number * size, size));
    }
  }
}
