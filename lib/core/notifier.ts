/** Waiting until something is so. */
import { type Clock, wait } from "./clock.ts";

/**
 * Something that changes now and then, and those who wait until it is as they want it.
 *
 * @example
 * ```ts
 * import { Changes } from "./notifier.ts";
 * import { systemClock } from "./clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let count = 0;
 * const changes = new Changes(systemClock);
 * const waiting = changes.until(() => count === 1, 1000);
 * count++;
 * changes.tell();
 * assertEquals(await waiting, true);
 * ```
 */
export class Changes {
  readonly #clock: Clock;
  #next = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed. */
  tell(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Waits at most so many milliseconds; returns whether it is so. */
  async until(isSo: () => boolean, within: number): Promise<boolean> {
    if (isSo()) return true;
    const limit = wait(this.#clock, within);
    let late = false;
    const over = limit.over.then(() => late = true);
    try {
      while (!late) {
        await Promise.race([this.#next.promise, over]);
        if (isSo()) return true;
      }
      return false;
    } finally {
      limit.cut();
    }
  }
}
