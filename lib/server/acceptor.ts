/** The accept loop: it outlives every failed accept. */
import { type Clock, delay, turn } from "../core/clock.ts";
import { explain, isReset } from "../core/explain.ts";
import type { Log } from "../log/log.ts";
import type { Arrival, Listener } from "../net/transport.ts";

// Out of descriptors, an accept fails at once and would fail at once again: 90,000 times a second
// on one core.
const RETRY_DELAY_MS = 100;
const RECOVERED_AFTER_MS = 1000; // without a failure
// After so many, connections that are open have a turn: a burst would make them wait for its end. Not
// after fewer, as a peer that finds the system's queue full tries again after a second.
const ACCEPTS_PER_TURN = 256;

/** What an {@linkcode Acceptor} needs besides the listener. */
export interface AcceptorOptions {
  readonly onArrival: (arrival: Arrival) => void;
  /** The name of the endpoint, for the log. */
  readonly endpoint: string;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Hands each arrival at a listener to `onArrival`. A spell of failures is reported at its beginning
 * and at its end, not one by one.
 */
export class Acceptor {
  readonly #listener: Listener;
  readonly #accepting: AcceptorOptions;
  #stopped = false;
  #failures = 0;
  #goneNoted = false;
  #forgetGone = () => {};
  #endSpell = () => {};
  readonly #stopSignal = new AbortController();

  constructor(listener: Listener, accepting: AcceptorOptions) {
    this.#listener = listener;
    this.#accepting = accepting;
  }

  /** Accepts until {@linkcode Acceptor.stop} is called. Never rejects. */
  async run(): Promise<void> {
    const { onArrival, clock } = this.#accepting;
    let accepted = 0;
    while (!this.#stopped) {
      const arrival = await this.#accept();
      if (!arrival) continue;
      onArrival(arrival);
      if (++accepted % ACCEPTS_PER_TURN === 0) await turn(clock);
    }
    this.#endSpell();
    this.#forgetGone();
  }

  /** Closes the listener and ends the loop. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#listener.close();
    this.#stopSignal.abort();
  }

  async #accept(): Promise<Arrival | undefined> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      if (!this.#stopped) await this.#recover(error);
      return undefined;
    }
  }

  async #recover(error: unknown): Promise<void> {
    const { endpoint, log, clock } = this.#accepting;
    const { address } = this.#listener;
    if (isGone(error)) return this.#noteGone(); // the next peer may be fine
    if (this.#failures++ === 0) {
      log.emit({ event: "acceptFailed", endpoint, address, error: explain(error), gone: false });
    }
    this.#endSpell();
    this.#endSpell = clock.after(RECOVERED_AFTER_MS, () => {
      log.emit({ event: "acceptRecovered", endpoint, address, failures: this.#failures });
      this.#failures = 0;
    });
    await delay(RETRY_DELAY_MS, { clock, signal: this.#stopSignal.signal });
  }

  // One line for many of them.
  #noteGone(): void {
    const { endpoint, log, clock } = this.#accepting;
    if (this.#goneNoted) return;
    this.#goneNoted = true;
    this.#forgetGone = clock.after(RECOVERED_AFTER_MS, () => this.#goneNoted = false);
    const error = "a peer was gone before it was accepted";
    log.emit({
      event: "acceptFailed",
      endpoint,
      address: this.#listener.address,
      error,
      gone: true,
    });
  }
}

// macOS accepts a connection that has been reset with EINVAL.
function isGone(error: unknown): boolean {
  return isReset(error) || (error as { code?: unknown } | undefined)?.code === "EINVAL";
}
