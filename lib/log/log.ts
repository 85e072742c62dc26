/** The log of events. */
import { type Clock, systemClock } from "../core/clock.ts";
import type { Observer } from "../net/duplex.ts";
import type { Direction, Event, EventMap, Format } from "./event.ts";
import type { BatchWriter } from "../core/batch_writer.ts";

// Characters that may wait for a slow reader. Payload gives way first, so that the events around it
// are still reported.
const MAX_QUEUED_WITH_PAYLOAD = 1 << 20;
const MAX_QUEUED = 2 << 20;

/** How a {@linkcode Log} writes. */
export interface LogOptions {
  readonly format: Format;
  readonly output: BatchWriter;
  /** Where errors go, if not to `output`. */
  readonly errors?: BatchWriter;
  /** The directions of which payload is shown. */
  readonly payload: readonly Direction[];
  /** Leave out everything but listeners, statistics that were asked for, and errors. */
  readonly quiet?: boolean;
  /** Whether events tell what the system knows of a connection. */
  readonly showsTcpInfo?: boolean;
  readonly clock?: Clock;
}

const QUIET_EVENTS: ReadonlySet<Event["event"]> = new Set([
  "listening",
  "disabled",
  "certificate",
  "faults",
  "control",
  "stats",
  "acceptFailed",
]);

/**
 * Formats events and hands them to a writer. It never waits: what the writer cannot take is
 * counted, and the count is reported as soon as there is room again.
 */
export class Log {
  readonly #options: LogOptions;
  readonly #clock: Clock;
  #missedChunks = 0;
  #missedOthers = 0;
  readonly #listeners = new Set<(event: Event, time: number) => void>();

  constructor(options: LogOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Whether events tell what the system knows of a connection. */
  get showsTcpInfo(): boolean {
    return this.#options.showsTcpInfo ?? false;
  }

  /**
   * Has every event told, whatever is shown, but for payload. The returned function ends that.
   */
  subscribe(listener: (event: Event, time: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reports one event. */
  emit(event: Event): void {
    if (this.#listeners.size > 0 && event.event !== "data") {
      const time = this.#clock.wallTime();
      for (const listener of this.#listeners) listener(event, time);
    }
    const { format, output, errors, quiet } = this.#options;
    if (quiet && !QUIET_EVENTS.has(event.event)) return;
    if (errors && event.event === "acceptFailed") {
      return errors.push(format(event, this.#clock.wallTime()));
    }
    const payload = event.event === "data";
    if (output.backlog > (payload ? MAX_QUEUED_WITH_PAYLOAD : MAX_QUEUED)) {
      if (payload) this.#missedChunks++;
      else this.#missedOthers++;
      return;
    }
    this.#tellMissed();
    output.push(format(event, this.#clock.wallTime()));
  }

  /** An observer that reports a connection's payload in the directions that are shown. */
  watch(whose: Pick<EventMap["data"], "endpoint" | "connection"> = {}): Observer {
    const { payload, quiet } = this.#options;
    const report = (direction: Direction) =>
      !quiet && payload.includes(direction) ? this.#chunks(direction, whose) : undefined;
    return { received: report("in"), sent: report("out") };
  }

  /** Writes what waits, for at most `patience` milliseconds; returns whether all was written. */
  async flush(patience: number): Promise<boolean> {
    this.#tellMissed();
    const { output, errors } = this.#options;
    const [written] = await Promise.all([output.flush(patience), errors?.flush(patience)]);
    return written;
  }

  #chunks(
    direction: Direction,
    whose: Pick<EventMap["data"], "endpoint" | "connection">,
  ): (payload: Uint8Array) => void {
    let offset = 0;
    return (payload) => {
      this.emit({ event: "data", ...whose, direction, offset, payload });
      offset += payload.length;
    };
  }

  #tellMissed(): void {
    const [chunks, others] = [this.#missedChunks, this.#missedOthers];
    if (chunks + others === 0) return;
    this.#missedChunks = this.#missedOthers = 0;
    this.#options.output.push(
      this.#options.format({ event: "missed", chunks, others }, this.#clock.wallTime()),
    );
  }
}
