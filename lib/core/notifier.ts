/** Waiting until a condition holds. */
import { type Clock, delay } from "./clock.ts";

/**
 * Wakes those who wait for a condition whenever something that it depends on has changed.
 *
 * @example
 * ```ts
 * import { Notifier } from "./notifier.ts";
 * import { systemClock } from "./clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let count = 0;
 * const notifier = new Notifier(systemClock);
 * const waiting = notifier.waitFor(() => count === 1, 1000);
 * count++;
 * notifier.notify();
 * assertEquals(await waiting, true);
 * ```
 */
export class Notifier {
  readonly #clock: Clock;
  #next = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has everybody who waits check their condition. */
  notify(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Waits at most `milliseconds` for the condition; returns whether it holds. */
  async waitFor(condition: () => boolean, milliseconds: number): Promise<boolean> {
    if (condition()) return true;
    const limit = new AbortController();
    let late = false;
    const over = delay(milliseconds, { clock: this.#clock, signal: limit.signal }).then(() => {
      late = true;
    });
    try {
      while (!late) {
        await Promise.race([this.#next.promise, over]);
        if (condition()) return true;
      }
      return false;
    } finally {
      limit.abort();
    }
  }
}
