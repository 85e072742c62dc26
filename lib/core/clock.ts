/** Time as a parameter, so that a test or a seeded run can bring its own. */

/** Where the time comes from, and who wakes us. */
export interface Clock {
  /** Monotonic time, in milliseconds since an arbitrary start. */
  now(): number;
  /** The time of day, in milliseconds since 1970 (UTC). */
  wallTime(): number;
  /** Calls `wake` once after `milliseconds`; the returned function takes that back. */
  after(milliseconds: number, wake: () => void): () => void;
  /** Calls `wake` once, when what is ready now has had its turn. */
  soon(wake: () => void): void;
}

/** The machine's own clock. A pending wake keeps the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(milliseconds, wake) {
    const timer = setTimeout(wake, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (wake) => void setImmediate(wake),
};

/** A wait that can be cut short. */
export interface Wait {
  /** Resolves when the time is over, or cut short. */
  readonly over: Promise<void>;
  readonly cut: () => void;
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

const COARSE = 2.5; // milliseconds by which a timer may be late

/**
 * Waits until a moment of the clock, to some microseconds: timers are a millisecond and more late,
 * so that the last stretch is spent looking at the clock, between turns of whatever else is ready.
 */
export async function until(clock: Clock, moment: number): Promise<void> {
  for (;;) {
    const left = moment - clock.now();
    if (left <= 0) return;
    if (left > COARSE) await wait(clock, left - COARSE).over;
    else await new Promise<void>((resolve) => clock.soon(resolve));
  }
}

/** Begins a wait of `milliseconds`. */
export function wait(clock: Clock, milliseconds: number): Wait {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(milliseconds, resolve);
  const cut = () => {
    cancel();
    resolve();
  };
  return { over: promise, cut };
}

/**
 * Waits for some work as long as it makes progress: while the number that tells of it changes
 * within `patience` milliseconds, or is NaN. Returns whether the work was done.
 *
 * @throws what the work failed with
 */
export async function whileMoving(
  work: Promise<unknown>,
  { clock, patience, progress }: {
    readonly clock: Clock;
    readonly patience: number;
    readonly progress: () => number;
  },
): Promise<boolean> {
  const done = work.then(() => true);
  done.catch(() => {}); // perhaps nobody waits for it any more
  for (;;) {
    const before = progress();
    const limit = wait(clock, patience);
    const over = await Promise.race([done, limit.over.then(() => false)]).finally(limit.cut);
    if (over || progress() === before) return over; // NaN is like nothing, itself included
  }
}

/** Waits for some work, at most so many milliseconds; returns whether it was done, or failed, by then. */
export async function atMost(
  work: Promise<unknown> | undefined,
  { clock, milliseconds }: { readonly clock: Clock; readonly milliseconds: number },
): Promise<boolean> {
  const limit = wait(clock, milliseconds);
  const done = Promise.allSettled([work]).then(() => true);
  return await Promise.race([done, limit.over.then(() => false)]).finally(limit.cut);
}
