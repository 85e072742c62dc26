/** Round trips on a connection beside a test, which netecho's service echoes. */
import { type Clock, delay, settlesWithin } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import { sameBytes } from "../core/bytes.ts";
import type { Histogram } from "../core/histogram.ts";
import type { Duplex } from "../net/duplex.ts";
import { COOKIE_BYTES, ECHO_PREFIX, newCookie } from "./protocol.ts";

const INTERVAL_MS = 10; // between two round trips
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
   * Makes a first round trip, which is not measured.
   *
   * @throws {NetworkError} where the server does not echo
   */
  async open(): Promise<void> {
    const limit = { clock: this.#clock, milliseconds: ANSWER_TIMEOUT_MS };
    const answering = this.#roundTrip();
    if (await settlesWithin(answering, limit) && await answering) return;
    throw new NetworkError("Option --under-load: the server has no echo beside; netecho's has one");
  }

  /** Measures round trips until something has happened. */
  async measure(histogram: Histogram, until: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    until.then(() => over.abort(), () => over.abort());
    const { signal } = over;
    while (!signal.aborted) {
      const started = this.#clock.now();
      if (!await this.#roundTrip()) throw new NetworkError("The connection under load was closed");
      histogram.record(this.#clock.now() - started);
      await delay(INTERVAL_MS, { clock: this.#clock, signal });
    }
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
