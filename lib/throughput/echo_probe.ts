/** Round trips on a connection beside a test, which netecho's service echoes. */
import { type Clock, delay, settlesWithin } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import { sameBytes } from "../core/bytes.ts";
import type { Histogram } from "../core/histogram.ts";
import type { Duplex } from "../net/duplex.ts";
import { COOKIE_BYTES, ECHO_PREFIX, newCookie } from "./protocol.ts";

const INTERVAL_MS = 50; // between two round trips: what one waits for must not hold up the next
const ANSWER_TIMEOUT_MS = 10_000;

/** A connection whose round trips are measured. */
export class EchoProbe {
  readonly #peer: Duplex;
  readonly #clock: Clock;
  readonly #message = newCookie(ECHO_PREFIX);

  constructor(peer: Duplex, clock: Clock) {
    this.#peer = peer;
    this.#clock = clock;
  }

  /**
   * Measures round trips until something has happened, each from the moment that it was due.
   *
   * @throws {NetworkError} where one is not answered in time
   */
  async measure(histogram: Histogram, until: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const ended = until.then(() => over.abort(), () => over.abort());
    const { signal } = over;
    for (let due = this.#clock.now(); !signal.aborted; due += INTERVAL_MS) {
      const left = due - this.#clock.now();
      if (left > 0) await delay(left, { clock: this.#clock, signal });
      const answered = await Promise.race([this.answers(), ended]);
      if (signal.aborted) return;
      if (!answered) throw new NetworkError("The connection under load was not answered");
      histogram.record(this.#clock.now() - due);
    }
  }

  /** Makes a round trip; returns whether the server echoes, in time. */
  async answers(): Promise<boolean> {
    const limit = { clock: this.#clock, milliseconds: ANSWER_TIMEOUT_MS };
    const answering = this.#roundTrip();
    return await settlesWithin(answering, limit) && await answering;
  }

  // Returns whether the answer was what was sent.
  async #roundTrip(): Promise<boolean> {
    await this.#peer.write(this.#message);
    for (let length = 0; length < COOKIE_BYTES;) {
      const chunk = await this.#peer.read();
      if (!chunk || chunk.length > COOKIE_BYTES - length) return false;
      // A server that answers otherwise may not go on.
      if (!sameBytes(chunk, this.#message.subarray(length, length + chunk.length))) return false;
      length += chunk.length;
    }
    return true;
  }
}
