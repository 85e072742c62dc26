/** Reading what a peer sends until it matches an expectation. */
import { Notifier } from "../core/notifier.ts";
import type { ChunkReader } from "../net/duplex.ts";
import type { Clock } from "../core/clock.ts";
import { type Expectation, ExpectBuffer } from "./expect_buffer.ts";

/** Reads continuously until the peer's end of input. */
export class ExpectReader {
  /** Resolves at the peer's end of input; rejects if reading or showing fails. */
  readonly over: Promise<void>;
  readonly #unmatched = new ExpectBuffer();
  readonly #notifier: Notifier;
  #ended = false;

  constructor(
    peer: ChunkReader,
    { clock, show }: {
      readonly clock: Clock;
      readonly show?: (chunk: Uint8Array) => Promise<void>;
    },
  ) {
    this.#notifier = new Notifier(clock);
    this.over = this.#readAll(peer, show);
    this.over.catch(() => {}); // those who await it get the error
  }

  /** What was read and not matched. */
  get rest(): Uint8Array {
    return this.#unmatched.rest;
  }

  /** Waits at most `milliseconds` for what the peer is expected to send. */
  async expect(
    expectation: Expectation,
    milliseconds: number,
  ): Promise<"matched" | "eof" | "timeout"> {
    let matched = false;
    const decided = () => (matched ||= this.#unmatched.take(expectation)) || this.#ended;
    const deciding = this.#notifier.waitFor(decided, milliseconds);
    const inTime = await Promise.race([deciding, this.over.then(() => deciding)]);
    return matched ? "matched" : inTime ? "eof" : "timeout";
  }

  async #readAll(
    peer: ChunkReader,
    show: ((chunk: Uint8Array) => Promise<void>) | undefined,
  ): Promise<void> {
    for (let chunk = await peer.read(); chunk; chunk = await peer.read()) {
      this.#unmatched.push(chunk);
      this.#notifier.notify();
      await show?.(chunk);
    }
    this.#ended = true;
    this.#notifier.notify();
  }
}
