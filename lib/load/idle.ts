/** Lanes that have room, in the order in which they got it. */
import type { Lane } from "./lane.ts";

const COMPACT = 4096; // entries that may have been taken before their place is given back

/** A queue: a lane stands in it once for each request that it could take. */
export class Idle {
  #lanes: Lane[] = [];
  #head = 0;
  #pushed = Promise.withResolvers<void>();

  push(lane: Lane): void {
    this.#lanes.push(lane);
    this.#pushed.resolve();
  }

  /** The one that has waited longest; undefined when there is none. */
  take(): Lane | undefined {
    const lane = this.#lanes[this.#head];
    if (!lane) return undefined;
    if (++this.#head < COMPACT) return lane;
    this.#lanes = this.#lanes.slice(this.#head);
    this.#head = 0;
    return lane;
  }

  /** Resolves when there is one. */
  async some(): Promise<void> {
    if (this.#head < this.#lanes.length) return;
    this.#lanes = [];
    this.#head = 0;
    this.#pushed = Promise.withResolvers();
    await this.#pushed.promise;
  }
}
