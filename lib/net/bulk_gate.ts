/** Room for other sockets beside those that move much at once. */
import { pollSockets } from "../core/runtime.ts";

const BYTES_PER_TURN = 4 * 1024 * 1024;

/**
 * Has the runtime look at every socket after so many bytes of all bulk transfers together. While I/O
 * is ready, the runtime completes it at once and never looks at other sockets; with several transfers
 * it does so only when all of them wait.
 */
export class BulkGate {
  readonly #poll: () => Promise<void>;
  #bytes = 0;
  #polling: Promise<void> | undefined;

  constructor(poll: () => Promise<void> = pollSockets) {
    this.#poll = poll;
  }

  /** Counts bytes that were moved, or are to be; the next step waits for the promise, if there is one. */
  pass(bytes: number): Promise<void> | undefined {
    this.#bytes += bytes;
    if (this.#polling || this.#bytes < BYTES_PER_TURN) return this.#polling;
    this.#bytes = 0;
    return this.#polling = this.#poll().finally(() => this.#polling = undefined);
  }
}

/** The gate of this thread. */
export const bulkGate = new BulkGate();
