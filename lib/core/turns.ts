/** Steps that must not overlap. */

/**
 * Runs steps one after the other; one that fails does not keep those behind it waiting.
 *
 * @example
 * ```ts
 * import { Turns } from "./turns.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new Turns();
 * const order: number[] = [];
 * const slow = turns.run(async () => {
 *   await new Promise((resolve) => setTimeout(resolve));
 *   order.push(1);
 * });
 * await turns.run(() => Promise.resolve(order.push(2)));
 * await slow;
 * assertEquals(order, [1, 2]);
 * ```
 */
export class Turns {
  #last: Promise<void> | undefined; // while a step is under way

  /** Begins a step when those before it have ended: at once where there is none. */
  run<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#last ? this.#last.then(step) : step();
    const settled = done.then(() => {}, () => {}).then(() => {
      if (this.#last === settled) this.#last = undefined;
    });
    this.#last = settled;
    return done;
  }
}
