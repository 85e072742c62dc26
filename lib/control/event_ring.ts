/** The last events of a server, numbered, for those who read them later. */
import type { Log } from "../log/log.ts";
import { jsonFormat } from "../log/json_format.ts";

const MAX_EVENTS = 10_000;

/** An event as JSON. */
export interface NumberedEvent {
  readonly number: number;
  readonly json: string;
}

/** Keeps the last events of a log. */
export class EventRing {
  readonly #events: string[] = [];
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
      this.#events.push(format(event, time).trimEnd());
      if (this.#events.length > 2 * limit) this.#drop(limit);
      this.#wakeAll();
    });
  }

  /** The number of the next event. */
  get next(): number {
    return this.#first + this.#events.length;
  }

  /** No event comes any more. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#wakeAll();
  }

  /**
   * The events from a number on, as they come. Those that are kept no longer are told as one event,
   * `missed`, in their place.
   */
  async *from(number: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    signal.addEventListener("abort", () => this.#wakeAll(), { once: true });
    for (let at = Math.max(1, Math.min(number, this.next)); !signal.aborted; at++) {
      while (at >= this.next && !signal.aborted && !this.#closed) await this.#wake.promise;
      if (signal.aborted || at >= this.next) return;
      if (at < this.#first) {
        const json = JSON.stringify({ event: "missed", events: this.#first - at });
        at = this.#first - 1;
        yield { number: at, json };
      } else yield { number: at, json: this.#events[at - this.#first]! };
    }
  }

  #wakeAll(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #drop(limit: number): void {
    this.#first += this.#events.length - limit;
    this.#events.splice(0, this.#events.length - limit);
  }
}
