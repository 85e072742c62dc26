/** What a server did, second by second: for rates, and for plots of the last minutes. */
import { type Clock, every } from "../core/clock.ts";
import type { LiveServer } from "../server/live_server.ts";
import type { Totals } from "../server/sessions.ts";
import type { EventCounts } from "./event_counts.ts";

const INTERVAL_MS = 1000;
const KEPT = 300; // samples, which are five minutes

/** What was done until a moment. Bytes are counts. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly open: number;
  readonly connections: number;
  readonly refused: number;
  readonly received: number;
  readonly sent: number;
  /** How often faults have come into force or struck. */
  readonly faults: number;
}

/** Takes a sample of all endpoints together every second, those that were removed included. */
export class Samples {
  readonly #server: LiveServer;
  readonly #counts: EventCounts;
  readonly #clock: Clock;
  readonly #onSample: () => void;
  readonly #all: Sample[] = [];
  readonly #stop: () => void;

  constructor(
    server: LiveServer,
    { counts, clock, onSample }: {
      readonly counts: EventCounts;
      readonly clock: Clock;
      /** Called after each one. */
      readonly onSample: () => void;
    },
  ) {
    this.#server = server;
    this.#counts = counts;
    this.#clock = clock;
    this.#onSample = onSample;
    this.#take();
    this.#stop = every(clock, INTERVAL_MS, () => this.#take());
  }

  /** The last ones, the oldest first. */
  get all(): readonly Sample[] {
    return this.#all;
  }

  close(): void {
    this.#stop();
  }

  #take(): void {
    const { endpoints } = this.#server;
    this.#all.push(
      sampleOf(endpoints.totals, { time: this.#clock.wallTime(), faults: this.#counts.allFaults }),
    );
    if (this.#all.length > KEPT) this.#all.shift();
    this.#onSample();
  }
}

/** A sample of one endpoint, or of several. */
export function sampleOf(
  { open, connections, refused, received, sent }: Totals,
  { time, faults }: Pick<Sample, "time" | "faults">,
): Sample {
  return { time, open, connections, refused, received, sent, faults };
}
