/** Counting what events alone tell. */
import type { Log } from "../log/log.ts";

/** How often a fault has come into force or struck. */
export interface Firings {
  readonly count: number;
  /** When it was the last time, in milliseconds since 1970, and what it did. */
  readonly last: number;
  readonly detail: string;
}

/** Counts what is told by events alone. */
export class EventCounts {
  readonly #firings = new Map<string, Map<string, Firings>>();
  #allFaults = 0;
  readonly #acceptFailures = new Map<string, number>();
  readonly #unsubscribe: () => void;

  constructor(log: Pick<Log, "subscribe">) {
    this.#unsubscribe = log.subscribe((event, time) => {
      const endpoint = "endpoint" in event ? event.endpoint ?? "" : "";
      if (event.event === "changed" && event.change === "endpoint-removed") {
        this.#firings.delete(endpoint);
        this.#acceptFailures.delete(endpoint);
      }
      if (event.event === "changed" && event.change === "fault-removed") {
        this.#firings.get(endpoint)?.delete(event.detail);
      }
      if (event.event === "acceptFailed") increase(this.#acceptFailures, endpoint);
      if (event.event !== "fault") return;
      const firings = this.#firings.get(endpoint) ?? new Map<string, Firings>();
      this.#firings.set(endpoint, firings);
      const { fault, detail } = event;
      firings.set(fault, { count: (firings.get(fault)?.count ?? 0) + 1, last: time, detail });
      this.#allFaults++;
    });
  }

  /** What each fault of an endpoint has done. */
  firings(endpoint: string): ReadonlyMap<string, Firings> {
    return this.#firings.get(endpoint) ?? new Map();
  }

  /** How often the faults of an endpoint have, together. */
  struck(endpoint: string): number {
    return this.firings(endpoint).values().reduce((sum, { count }) => sum + count, 0);
  }

  /** How often each fault has come into force or struck. */
  faults(endpoint: string): ReadonlyMap<string, number> {
    return new Map([...this.firings(endpoint)].map(([name, { count }]) => [name, count]));
  }

  /** How often any fault has, those that were removed included. */
  get allFaults(): number {
    return this.#allFaults;
  }

  acceptFailures(endpoint: string): number {
    return this.#acceptFailures.get(endpoint) ?? 0;
  }

  close(): void {
    this.#unsubscribe();
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
