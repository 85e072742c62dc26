/**
 * Fairness between many busy connections.
 *
 * The runtime polls at most 128 ready operations a turn (tokio's cooperative budget), and wakes what
 * is left over in an order that serves some connections again and again and others never. So, with
 * more connections than that and near saturation, a connection that has been read queues before it is
 * read again, and only as many of those that queued are read at once as one turn can serve.
 */
import { Deque } from "@std/data-structures/deque";
import { type Clock, systemClock } from "../core/clock.ts";
import { bulkGate } from "./bulk_gate.ts";

const MIN_OPEN = 120; // connections below which the runtime serves each
const MAX_RELEASED = 100; // reads of queued connections under way, of the runtime's 128
const READS_PER_SAMPLE = 64;
const SATURATED_MS = 2.5; // for that many reads; slower ones do not saturate
const CALM_MS_PER_CONNECTION = 0.002; // without a read of a connection that did not queue
const MAX_CALM_MS = 30;
const IDLE_AFTER_MS = 10; // a released connection that is silent is idle, and gives its place to others

const BULK_CHUNK_BYTES = 64 * 1024;

/** A connection, for a {@linkcode ReadWindow}. */
export interface WindowPlace {
  /** Releases its next read, which waits; undefined where none does. */
  release: (() => void) | undefined;
}

/** Decides when connections are read. */
export class ReadWindow {
  readonly #clock: Clock;
  // Those whose next read waits, in the order of arrival, and some that have left. No map: it is
  // searched from its beginning for the first that was not deleted.
  readonly #queue = new Deque<WindowPlace>();
  // Those whose read was released, in that order, with the time of it.
  readonly #released = new Map<WindowPlace, number>();
  #open = 0;
  #reads = 0;
  #sampleStart = 0;
  #saturated = false;
  #lastStranger = -Infinity; // when a connection was read that had not queued
  #timerSet = false;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Adds a connection. */
  enter(): WindowPlace {
    this.#open++;
    return { release: undefined };
  }

  /** Removes a connection. */
  leave(place: WindowPlace): void {
    this.#open--;
    this.#released.delete(place);
    place.release?.(); // its read fails, as it is closed
    place.release = undefined;
  }

  /**
   * To be called before each read but the first, with the length of the last chunk. The read waits
   * for the promise, if there is one.
   */
  nextRead(place: WindowPlace, lastBytes: number): Promise<void> | undefined {
    if (lastBytes >= BULK_CHUNK_BYTES) return bulkGate.pass(lastBytes);
    if (this.#open <= MIN_OPEN) return undefined;
    this.#sample();
    if (!this.#released.delete(place) && this.#saturated) {
      this.#lastStranger = this.#clock.now();
    }
    if (!this.#saturated && this.#queue.isEmpty()) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    place.release = resolve;
    this.#queue.pushBack(place);
    this.#releaseNext();
    return promise;
  }

  #sample(): void {
    if (++this.#reads < READS_PER_SAMPLE) return;
    const now = this.#clock.now();
    this.#saturated = now - this.#sampleStart < SATURATED_MS;
    this.#sampleStart = now;
    this.#reads = 0;
  }

  // A connection that is read without having queued shows a backlog in the runtime: nobody is
  // released until none has come for a while.
  #releaseNext(): void {
    const now = this.#clock.now();
    const calm = Math.min(MAX_CALM_MS, CALM_MS_PER_CONNECTION * this.#open);
    if (now - this.#lastStranger >= calm) {
      while (this.#released.size < MAX_RELEASED && !this.#queue.isEmpty()) {
        const place = this.#queue.popFront()!;
        if (!place.release) continue; // it has left
        this.#released.set(place, now);
        place.release();
        place.release = undefined;
      }
    }
    if (!this.#queue.isEmpty()) this.#setTimer();
  }

  #setTimer(): void {
    if (this.#timerSet) return;
    this.#timerSet = true;
    this.#clock.after(1, () => {
      this.#timerSet = false;
      this.#dropIdle();
      this.#releaseNext();
    });
  }

  // A read of an idle connection stays under way, but no longer counts.
  #dropIdle(): void {
    const now = this.#clock.now();
    for (const [place, releasedAt] of this.#released) {
      if (now - releasedAt < IDLE_AFTER_MS) return;
      this.#released.delete(place);
    }
  }
}

/** The window of this thread. */
export const readWindow = new ReadWindow();
