/** Lanes that have room, in the order in which they got it. */
import type { Lane } from "./lane.ts";

const COMPACT = 4096; // entries that may have been taken before their place is given back

/** A queue: a lane stands in it once for each request that it could take. */
export class IdleQueue {
  #lanes: Lane[] = [];
  #head = 0;
  #pushed = Promise.withResolvers<void>();

  push(lane: Lane): void {
    this.#lanes.push(lane);
    this.#pushed.resolve();
  }

  /** The one that has waited longest; undefined when there is none. */
  peek(): Lane | undefined {
    return this.#lanes[this.#head];
  }

  /** Takes away the one that has waited longest. */
  take(): void {
    if (++this.#head < COMPACT) return;
    this.#lanes = this.#lanes.slice(this.#head);
    this.#head = 0;
  }

  /** Takes away all entries of a lane. */
  remove(lane: Lane): void {
    this.#lanes = this.#lanes.slice(this.#head).filter((other) => other !== lane);
    this.#head = 0;
  }

  /** Resolves when there is one. */
  async some(): Promise<void> {
    if (this.peek()) return;
    this.#lanes = [];
    this.#head = 0;
    this.#pushed = Promise.withResolvers();
    await this.#pushed.promise;
  }
}
