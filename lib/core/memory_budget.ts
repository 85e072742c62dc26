/** One bound for the bytes that queues hold, all together. */

const DEFAULT_LIMIT_BYTES = 512 * 1024 * 1024;

/**
 * Counts what queues hold. A queue that finds the budget spent has its source wait, and is woken
 * when there is room again. It may go beyond it by what it needs to go on at all.
 *
 * @example
 * ```ts
 * import { MemoryBudget } from "./memory_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = new MemoryBudget(100);
 * budget.take(150);
 * assertEquals(budget.spent, true);
 * let woken = false;
 * budget.onRoom(() => woken = true);
 * budget.give(80);
 * assertEquals([budget.spent, woken], [false, true]);
 * ```
 */
export class MemoryBudget {
  /** Bytes. */
  limit: number;
  #held = 0;
  #waiting = new Set<() => void>();

  constructor(limit: number = DEFAULT_LIMIT_BYTES) {
    this.limit = limit;
  }

  /** Whether nobody should take more. */
  get spent(): boolean {
    return this.#held >= this.limit;
  }

  /** Counts bytes that a queue holds from now on. */
  take(bytes: number): void {
    this.#held += bytes;
  }

  /** Counts bytes that a queue no longer holds. */
  give(bytes: number): void {
    this.#held -= bytes;
    if (this.#waiting.size === 0 || this.spent) return;
    // One for each that gives, so that not all of them take at once what one has given.
    if (this.#held > this.limit / 2) return this.#wakeNext();
    while (this.#waiting.size > 0) this.#wakeNext();
  }

  /** Calls `wake` once, when there is room again. */
  onRoom(wake: () => void): void {
    this.#waiting.add(wake);
  }

  /** Forgets a call that was asked for. */
  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }

  #wakeNext(): void {
    for (const wake of this.#waiting) {
      this.#waiting.delete(wake);
      return wake();
    }
  }
}

/** The budget of this thread. */
export const memoryBudget = new MemoryBudget();
