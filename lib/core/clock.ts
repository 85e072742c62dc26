/** Time as a parameter, so that tests and seeded runs bring their own. */
import { LONGEST_WAIT_MS } from "./units.ts";

const BREAK_EVERY_MS = 20; // nobody notices a wait of that

/** The time, and calls at a later time. Times are in milliseconds. */
export interface Clock {
  /** Monotonic time since an arbitrary start. */
  now(): number;
  /** The time of day, since 1970 (UTC). */
  wallTime(): number;
  /** Calls `wake` once after `milliseconds`; the returned function cancels that. */
  after(milliseconds: number, wake: () => void): () => void;
  /** Calls `wake` once, on the next turn of the event loop. */
  soon(wake: () => void): void;
  /** The same without looking at the sockets first, where `soon` has the runtime do that. */
  turn?(wake: () => void): void;
  /**
   * The same as `after`, but some tenths of a millisecond late, where the system offers it. For a few
   * milliseconds only: it takes a thread for that time, also after it was cancelled.
   */
  nap?(milliseconds: number, wake: () => void): () => void;
}

/** The system's clock. A pending call keeps the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(milliseconds, wake) {
    const timer = setTimeout(wake, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (wake) => void setImmediate(wake),
};

/**
 * Resolves after `milliseconds`, or as soon as the signal is aborted.
 *
 * @example
 * ```ts
 * import { delay, systemClock } from "./clock.ts";
 *
 * const stop = new AbortController();
 * const waiting = delay(60_000, { clock: systemClock, signal: stop.signal });
 * stop.abort();
 * await waiting;
 * ```
 */
export function delay(
  milliseconds: number,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(milliseconds, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}

/** Resolves on the next turn of the event loop. */
export function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}

/**
 * Lets others have their turn in a long computation, signals too: those wait for a timer, not for a
 * turn of the event loop.
 *
 * @example
 * ```ts
 * import { Breaks, systemClock } from "./clock.ts";
 *
 * const breaks = new Breaks(systemClock);
 * for (let count = 0; count < 1000; count++) {
 *   if (breaks.isDue) await breaks.take();
 * }
 * ```
 */
export class Breaks {
  readonly #clock: Clock;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Whether others have waited for long enough. */
  get isDue(): boolean {
    return this.#clock.now() - this.#since >= BREAK_EVERY_MS;
  }

  /** Lets others have their turn. */
  async take(): Promise<void> {
    await delay(0, { clock: this.#clock });
    this.#since = this.#clock.now();
  }
}

/** Calls `wake` every so many milliseconds, without drift; the returned function ends that. */
export function every(clock: Clock, milliseconds: number, wake: () => void): () => void {
  let due = clock.now();
  let cancel = () => {};
  const arm = () => {
    due += milliseconds;
    cancel = clock.after(Math.max(0, due - clock.now()), () => {
      arm();
      wake();
    });
  };
  arm();
  return () => cancel();
}

/** By which a timer fires late, nearly always. */
export const MAX_TIMER_LATENESS_MS = 2.5;

/**
 * Waits until a moment of the clock, to some microseconds. Timers are a millisecond and more late,
 * so the last stretch is spent looking at the clock between turns of the event loop.
 */
export async function until(clock: Clock, moment: number): Promise<void> {
  for (;;) {
    const left = moment - clock.now();
    if (left <= 0) return;
    if (left <= MAX_TIMER_LATENESS_MS) await turn(clock);
    else await delay(Math.min(left - MAX_TIMER_LATENESS_MS, LONGEST_WAIT_MS), { clock });
  }
}

/** How long to wait for something, in milliseconds of a clock. */
export interface TimeLimit {
  readonly clock: Clock;
  readonly milliseconds: number;
}

/** Waits for some work within a limit; returns whether it was done, or failed, by then. */
export async function settlesWithin(
  work: Promise<unknown> | undefined,
  { clock, milliseconds }: TimeLimit,
): Promise<boolean> {
  const limit = new AbortController();
  const late = delay(milliseconds, { clock, signal: limit.signal }).then(() => false);
  const settled = Promise.allSettled([work]).then(() => true);
  return await Promise.race([settled, late]).finally(() => limit.abort());
}

/**
 * Waits for some work as long as it makes progress: while the number that tells of it changes
 * within the limit, or is NaN. Returns whether the work was done.
 *
 * @throws what the work failed with
 */
export async function whileProgressing(
  work: Promise<unknown>,
  { progress, ...limit }: TimeLimit & { readonly progress: () => number },
): Promise<boolean> {
  work.catch(() => {}); // it may fail when nobody waits for it any more
  for (;;) {
    const before = progress();
    if (await settlesWithin(work, limit)) {
      await work;
      return true;
    }
    if (progress() === before) return false; // NaN equals nothing, itself included
  }
}
