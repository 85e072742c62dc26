/** Reading what a peer sends until it matches an expectation. */
import { Notifier } from "../core/notifier.ts";
import type { ChunkReader } from "../net/duplex.ts";
import type { Clock } from "../core/clock.ts";
import { type Expectation, ExpectBuffer } from "./expect_buffer.ts";

/** Reads continuously until the peer's end of input. */
export class ExpectReader {
  /** Resolves at the peer's end of input; rejects where reading, or showing, fails. */
  readonly over: Promise<void>;
  readonly #heard = new ExpectBuffer();
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
    this.over = this.#listen(peer, show);
    this.over.catch(() => {}); // those who await it get the error
  }

  /** What was read and not matched. */
  get rest(): Uint8Array {
    return this.#heard.rest;
  }

  /**
   * Waits at most so many milliseconds until the peer has said this; "closed" where it no longer
   * can.
   */
  async hear(expected: Expectation, within: number): Promise<"heard" | "closed" | "late"> {
    let found = false;
    const isSo = () => (found ||= this.#heard.take(expected)) || this.#ended;
    const coming = this.#notifier.waitFor(isSo, within);
    const came = await Promise.race([coming, this.over.then(() => coming)]);
    return found ? "heard" : came ? "closed" : "late";
  }

  async #listen(
    peer: ChunkReader,
    show: ((chunk: Uint8Array) => Promise<void>) | undefined,
  ): Promise<void> {
    for (let chunk = await peer.read(); chunk; chunk = await peer.read()) {
      this.#heard.push(chunk);
      this.#notifier.notify();
      await show?.(chunk);
    }
    this.#ended = true;
    this.#notifier.notify();
  }
}
