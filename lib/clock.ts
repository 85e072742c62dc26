/** Time as a parameter, so that a test or a seeded run can bring its own. */

/** Where the time comes from, and who wakes us. */
export interface Clock {
  /** Monotonic time, in milliseconds since an arbitrary start. */
  now(): number;
  /** The time of day, in milliseconds since 1970 (UTC). */
  wallTime(): number;
  /** Calls `wake` once after `milliseconds`; the returned function takes that back. */
  after(milliseconds: number, wake: () => void): () => void;
}

/** The machine's own clock. A pending wake keeps the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(milliseconds, wake) {
    const timer = setTimeout(wake, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `milliseconds`, or at once when `signal` aborts. */
export function sleep(
  clock: Clock,
  milliseconds: number,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done);
    signal.addEventListener("abort", done);
  });
}
