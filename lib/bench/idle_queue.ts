/** Lanes that can take a request, in the order in which they became free. */
import type { Lane } from "./lane.ts";

const COMPACT = 4096; // entries that may have been taken before their place is given back

/** A queue that holds a lane once for each request that it can take. */
export class IdleQueue {
  #lanes: Lane[] = [];
  #head = 0;
  #pushed = Promise.withResolvers<void>();

  push(lane: Lane): void {
    this.#lanes.push(lane);
    this.#pushed.resolve();
  }

  /** The lane that has waited longest; undefined when the queue is empty. */
  peek(): Lane | undefined {
    return this.#lanes[this.#head];
  }

  /** Removes the lane that has waited longest. */
  take(): void {
    if (++this.#head < COMPACT) return;
    this.#lanes = this.#lanes.slice(this.#head);
    this.#head = 0;
  }

  /** Removes all entries of a lane. */
  remove(lane: Lane): void {
    this.#lanes = this.#lanes.slice(this.#head).filter((other) => other !== lane);
    this.#head = 0;
  }

  /** Resolves when the queue is not empty. */
  async some(): Promise<void> {
    if (this.peek()) return;
    this.#lanes = [];
    this.#head = 0;
    this.#pushed = Promise.withResolvers();
    await this.#pushed.promise;
  }
}
