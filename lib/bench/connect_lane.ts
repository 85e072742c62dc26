/** A lane that makes a new connection for each request. */
import type { Clock } from "../core/clock.ts";
import { connectAndExchange, type Dial } from "../probe/round_trip.ts";
import type { Exchange } from "../probe/exchange.ts";
import { CLOSED, CUT_SHORT, type Lane, type LaneEvents, TIMED_OUT } from "./lane.ts";

/** How a {@linkcode ConnectLane} works. */
export interface ConnectLaneOptions {
  readonly slot: number;
  readonly clock: Clock;
  readonly exchange: Exchange;
  /** Milliseconds that a connection and its answer may take together. */
  readonly timeout: number;
  readonly events: LaneEvents;
}

/** One new connection after another; one request at a time. */
export class ConnectLane implements Lane {
  readonly slot: number;
  readonly #dial: Dial;
  readonly #options: ConnectLaneOptions;
  #number = 0;

  constructor(dial: Dial, options: ConnectLaneOptions) {
    this.slot = options.slot;
    this.#dial = dial;
    this.#options = options;
  }

  request(due: number): void {
    this.#attempt(due);
  }

  giveUp(): void {
    // Each attempt has a time-out of its own.
  }

  close(): void {
    this.#options.events.onEnd(this, { error: undefined, idle: true, served: false });
  }

  async #attempt(due: number): Promise<void> {
    const { clock, events, slot: _, ...asking } = this.#options;
    const sent = clock.now();
    try {
      const number = ++this.#number;
      const { answer, took, parts } = await connectAndExchange(this.#dial, {
        ...asking,
        clock,
        number,
      });
      if (answer === "none") return events.onFailure(this, { due, error: TIMED_OUT });
      if (answer === "short") return events.onFailure(this, { due, error: CUT_SHORT });
      if (answer === "closed") return events.onFailure(this, { due, error: CLOSED });
      const intact = answer === "intact";
      events.onAnswer(this, { due, sent, now: sent + took, intact, parts });
    } catch (error) {
      events.onFailure(this, { due, error });
    }
  }
}
