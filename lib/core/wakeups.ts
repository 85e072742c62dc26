/** Calling functions at exact moments, with one timer for all of them. */
import { BinaryHeap } from "@std/data-structures/binary-heap";
import { type Clock, MAX_TIMER_LATENESS_MS } from "./clock.ts";

const TIMER_LATENESS_MS = 1.2; // by which a timer fires late, at the median
const NAP_LATENESS_MS = 0.2; // by which a nap is late on a busy machine; at most EARLY_MS
const SHORTEST_SLEEP_MS = 0.1; // below it, the clock is looked at
const EARLY_MS = 0.2; // by which a function may be called early

interface Wakeup {
  readonly moment: number;
  readonly wake: () => void;
  cancelled: boolean;
}

/**
 * Calls each function at its moment of the clock, some tenths of a millisecond early or late.
 * Timers alone are a millisecond and more late, so the last stretch is a nap, or spent looking at
 * the clock between turns of the event loop where the clock has none.
 *
 * @example
 * ```ts
 * import { Wakeups } from "./wakeups.ts";
 * import { systemClock } from "./clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wakeups = new Wakeups(systemClock);
 * const order: string[] = [];
 * const now = systemClock.now();
 * await new Promise<void>((resolve) => {
 *   wakeups.at(now + 2, resolve);
 *   wakeups.at(now + 1, () => void order.push("first"));
 * });
 * assertEquals(order, ["first"]);
 * ```
 */
export class Wakeups {
  static readonly #byClock = new WeakMap<Clock, Wakeups>();
  readonly #clock: Clock;
  #come = -Infinity; // the latest moment that is known to have come
  readonly #pending = new BinaryHeap<Wakeup>((one, other) => one.moment - other.moment);
  #armedFor = Infinity; // the moment that the timer, or the look at the clock, is for
  #disarm = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The instance that all users of a clock share. */
  static of(clock: Clock): Wakeups {
    const found = Wakeups.#byClock.get(clock) ?? new Wakeups(clock);
    Wakeups.#byClock.set(clock, found);
    return found;
  }

  /** Whether a moment has come, or is so near that functions are called already. */
  hasCome(moment: number): boolean {
    if (moment > this.#come) this.#come = this.#clock.now() + EARLY_MS;
    return moment <= this.#come;
  }

  /** Calls `wake` at a moment of the clock, in milliseconds; the returned function cancels that. */
  at(moment: number, wake: () => void): () => void {
    const wakeup = { moment, wake, cancelled: false };
    this.#pending.push(wakeup);
    if (moment < this.#armedFor) this.#arm();
    return () => {
      wakeup.cancelled = true;
      if (this.#next() === undefined) this.#arm();
    };
  }

  #next(): Wakeup | undefined {
    while (this.#pending.peek()?.cancelled) this.#pending.pop();
    return this.#pending.peek();
  }

  #arm(): void {
    this.#disarm();
    const moment = this.#next()?.moment ?? Infinity;
    this.#armedFor = moment;
    this.#disarm = () => {};
    if (moment === Infinity) return;
    this.#disarm = this.#sleep(moment - this.#clock.now());
  }

  #sleep(left: number): () => void {
    const clock = this.#clock;
    const timer = left - (clock.nap ? MAX_TIMER_LATENESS_MS : TIMER_LATENESS_MS);
    if (timer > SHORTEST_SLEEP_MS) return clock.after(timer, this.#run);
    const nap = left - NAP_LATENESS_MS;
    if (clock.nap && nap > SHORTEST_SLEEP_MS) return clock.nap(nap, this.#run);
    let disarmed = false;
    clock.soon(() => disarmed || this.#run());
    return () => disarmed = true;
  }

  readonly #run = (): void => {
    this.#armedFor = -Infinity; // a function may add others without setting the timer for each
    try {
      for (let next = this.#next(); next && this.hasCome(next.moment); next = this.#next()) {
        this.#pending.pop();
        next.wake();
      }
    } finally {
      this.#arm();
    }
  };
}
