/** The last events of a server, numbered, for those who read them later. */
import type { Event } from "../log/event.ts";
import type { Log } from "../log/log.ts";
import { jsonFormat } from "../log/json_format.ts";

const MAX_EVENTS = 10_000;

/** An event as JSON. */
export interface NumberedEvent {
  readonly number: number;
  readonly json: string;
  /** What it is, and the endpoint where it happened; `missed` stands for events of any kind. */
  readonly name: Event["event"];
  readonly endpoint: string | undefined;
}

/** Keeps the last events of a log. */
export class EventRing {
  readonly #events: Omit<NumberedEvent, "number">[] = [];
  #first = 1; // the number of the oldest event that is kept
  #wake = Promise.withResolvers<void>();
  #closed = false;
  readonly #unsubscribe: () => void;

  constructor(
    log: Pick<Log, "subscribe">,
    { limit = MAX_EVENTS }: { readonly limit?: number } = {},
  ) {
    const format = jsonFormat({ show: "none" });
    this.#unsubscribe = log.subscribe((event, time) => {
      const endpoint = "endpoint" in event ? event.endpoint : undefined;
      this.#events.push({ json: format(event, time).trimEnd(), name: event.event, endpoint });
      if (this.#events.length > 2 * limit) this.#drop(limit);
      this.wake();
    });
  }

  /** The number of the next event. */
  get next(): number {
    return this.#first + this.#events.length;
  }

  /** The number of the oldest event that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Whether no event comes any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** No event comes any more. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.wake();
  }

  /** Wakes those who wait in `changed`, as if there were an event. */
  wake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Resolves at the next event, when somebody is to look, and when none comes any more. */
  changed(): Promise<void> {
    return this.#wake.promise;
  }

  /**
   * The events from a number on. Those that are kept no longer are told as one event, `missed`, in
   * their place.
   */
  read(number: number): NumberedEvent[] {
    const at = Math.max(1, Math.min(number, this.next));
    const from = Math.max(at, this.#first);
    const kept = this.#events.slice(from - this.#first)
      .map((event, index) => ({ ...event, number: from + index }));
    if (from === at) return kept;
    const json = JSON.stringify({ event: "missed", events: from - at });
    return [{ number: from - 1, json, name: "missed", endpoint: undefined }, ...kept];
  }

  #drop(limit: number): void {
    this.#first += this.#events.length - limit;
    this.#events.splice(0, this.#events.length - limit);
  }
}
