/** The queue that chunks wait in while a fault delays them. */
import { Deque } from "@std/data-structures/deque";
import type { Clock } from "../core/clock.ts";
import { type MemoryBudget, memoryBudget } from "../core/memory_budget.ts";
import { Wakeups } from "../core/wakeups.ts";
import type { Emit } from "./fault.ts";
import type { Ending, Outlet } from "./outlet.ts";

const MAX_HELD_BYTES = 32 * 1024 * 1024; // a second of latency at 32 MiB/s
const CHUNK_OVERHEAD_BYTES = 256; // that a chunk in the queue takes besides its own bytes
const MIN_HELD_BYTES = 16 * 1024; // that a line may hold when the budget of all is spent

/** What is done to the chunks of a line: a fault's stage, while the fault is in force. */
export interface Treatment {
  /** Bytes that the line may hold before its source has to wait; by default 32 MiB. */
  readonly room?: number | undefined;
  start?(emit: Emit): void;
  chunk(bytes: Uint8Array, emit: Emit): void;
  /** Emits what the treatment has kept itself, as it is over. */
  release?(emit: Emit): void;
  /** Returns how many milliseconds to delay the end. */
  end?(emit: Emit): number | void;
}

interface Entry {
  moment: number;
  /** A chunk, or the ending behind all of them. */
  readonly item: Uint8Array | Ending;
}

/**
 * Passes chunks through a treatment and then to the next outlet, each at its moment. A delay does
 * not lower the rate: chunks are stamped with absolute moments and wait in a queue, so that the
 * errors of timers do not add up.
 *
 * @example
 * ```ts
 * import { DelayLine, type Treatment } from "./delay_line.ts";
 * import { ReadOutlet } from "./line_ends.ts";
 * import { systemClock } from "../core/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const end = new ReadOutlet();
 * const later: Treatment = { chunk: (bytes, emit) => emit(bytes, systemClock.now() + 5) };
 * const line = new DelayLine(later, { next: end, clock: systemClock });
 * line.push(new Uint8Array([1, 2]));
 * assertEquals(await end.read(), new Uint8Array([1, 2]));
 * ```
 */
export class DelayLine implements Outlet {
  onRoom = (): void => {};
  #treatment: Treatment;
  #next: Outlet;
  readonly #clock: Clock;
  readonly #wakeups: Wakeups;
  #room: number;
  readonly #budget: MemoryBudget;
  readonly #queue = new Deque<Entry>();
  #heldBytes = 0;
  #lastMoment = 0; // no entry may be due before the one ahead of it
  #ended = false;
  #releasing = false;
  #treating = false; // nothing is passed on in the middle of a chunk
  #wakeupFor: number | undefined;
  #wakeup: (() => void) | undefined; // cancels it

  constructor(
    treatment: Treatment,
    { next, clock, budget = memoryBudget }: {
      readonly next: Outlet;
      readonly clock: Clock;
      readonly budget?: MemoryBudget;
    },
  ) {
    this.#treatment = treatment;
    this.#next = next;
    next.onRoom = () => this.#release();
    this.#clock = clock;
    this.#wakeups = Wakeups.of(clock);
    this.#room = treatment.room ?? MAX_HELD_BYTES;
    this.#budget = budget;
  }

  /** Where it passes on to. */
  set next(next: Outlet) {
    this.#next = next;
    next.onRoom = () => this.#release();
  }

  /** Whether it holds nothing, neither chunks nor an ending. */
  get empty(): boolean {
    return this.#queue.isEmpty();
  }

  /** Treats nothing any more: what it holds goes on at once, in its order, and what comes later. */
  letGo(): void {
    this.#treatment.release?.(this.#emit);
    this.#treatment = { chunk: (bytes, emit) => emit(bytes) };
    this.#room = 0; // its source waits until that has gone on
    this.#lastMoment = 0;
    for (const entry of this.#queue) entry.moment = 0;
    this.#cancelWakeup();
    this.#release();
  }

  /** Begins the treatment; to be called before the first chunk. */
  start(): void {
    this.#treatment.start?.(this.#emit);
  }

  get full(): boolean {
    return this.#heldBytes > this.#room || (this.#heldBytes > MIN_HELD_BYTES && this.#budget.spent);
  }

  push(chunk: Uint8Array): void {
    if (this.#ended) return; // what comes behind an end is lost
    this.#treating = true;
    this.#treatment.chunk(chunk, this.#emit);
    this.#treating = false;
    this.#release();
    if (this.#budget.spent) this.#budget.onRoom(this.#tellRoom);
  }

  end(ending: Ending = {}): void {
    if (this.#ended) return;
    const delay = this.#treatment.end?.(this.#emit) ?? 0;
    this.#endAt(this.#clock.now() + delay, ending);
  }

  /** Ends the line behind what it holds, whatever is still pushed. */
  finish(): void {
    if (!this.#ended) this.#endAt(this.#lastMoment, {});
  }

  close(): void {
    this.#ended = true;
    this.#queue.clear();
    this.#budget.forget(this.#tellRoom);
    this.#hold(-this.#heldBytes);
    this.#cancelWakeup();
    this.#next.close();
  }

  readonly #emit = (bytes: Uint8Array, moment = 0): void => {
    this.#hold(bytes.length + CHUNK_OVERHEAD_BYTES);
    this.#add(moment, bytes);
    if (!this.#treating) this.#release();
  };

  #endAt(moment: number, ending: Ending): void {
    this.#ended = true;
    this.#add(moment, ending);
    if (!this.#treating) this.#release();
  }

  #add(moment: number, item: Entry["item"]): void {
    this.#lastMoment = Math.max(this.#lastMoment, moment);
    this.#queue.pushBack({ moment: this.#lastMoment, item });
  }

  // Passes on what is due, as far as the next outlet has room. What has room again after each chunk
  // calls back at once: then the loop that is under way goes on.
  #release(): void {
    if (this.#releasing) return;
    const wasFull = this.full;
    this.#releasing = true;
    try {
      this.#passDue();
    } finally {
      this.#releasing = false;
    }
    if (wasFull && !this.full) this.onRoom();
  }

  #passDue(): void {
    for (let entry = this.#queue.peekFront(); entry; entry = this.#queue.peekFront()) {
      if (this.#next.full) break;
      if (!this.#wakeups.hasCome(entry.moment)) {
        this.#wakeAt(entry.moment);
        break;
      }
      this.#queue.popFront();
      this.#pass(entry.item);
    }
  }

  #pass(item: Entry["item"]): void {
    if (!(item instanceof Uint8Array)) return this.#next.end(item);
    this.#next.push(item);
    this.#hold(-item.length - CHUNK_OVERHEAD_BYTES); // may have another line go on
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes > 0) this.#budget.take(bytes);
    else this.#budget.give(-bytes);
  }

  readonly #tellRoom = (): void => {
    if (!this.full) this.onRoom();
  };

  #wakeAt(moment: number): void {
    if (this.#wakeupFor === moment) return;
    this.#cancelWakeup();
    this.#wakeupFor = moment;
    this.#wakeup = this.#wakeups.at(moment, this.#onWake);
  }

  readonly #onWake = (): void => {
    this.#wakeupFor = this.#wakeup = undefined;
    this.#release();
  };

  #cancelWakeup(): void {
    this.#wakeup?.();
    this.#wakeupFor = this.#wakeup = undefined;
  }
}
