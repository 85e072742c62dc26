/** Spreading work over turns of the event loop. */
import type { Clock } from "../core/clock.ts";

/**
 * Does so many pieces of work at once, and the others on the next turns of the event loop, in order.
 *
 * @example
 * ```ts
 * import { Pacer } from "./pacer.ts";
 * import { systemClock, turn } from "../core/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pacer = new Pacer(2, systemClock);
 * const done: number[] = [];
 * for (let piece = 1; piece <= 3; piece++) pacer.run(() => void done.push(piece));
 * assertEquals(done, [1, 2]);
 * await turn(systemClock);
 * assertEquals(done, [1, 2, 3]);
 * ```
 */
export class Pacer {
  readonly #perTurn: number;
  readonly #clock: Pick<Clock, "soon">;
  readonly #waiting: (() => void)[] = [];
  #doneThisTurn = 0;

  constructor(perTurn: number, clock: Pick<Clock, "soon">) {
    this.#perTurn = perTurn;
    this.#clock = clock;
  }

  /** Does a piece of work, now or later. It must not throw. */
  run(work: () => void): void {
    if (this.#doneThisTurn === this.#perTurn) return void this.#waiting.push(work);
    if (this.#doneThisTurn++ === 0) this.#clock.soon(this.#onTurn);
    work();
  }

  readonly #onTurn = (): void => {
    this.#doneThisTurn = 0;
    for (const work of this.#waiting.splice(0, this.#perTurn)) this.run(work);
  };
}
