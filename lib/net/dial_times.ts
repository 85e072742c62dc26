/** How long the parts of dialling take. */
import type { Clock } from "../core/clock.ts";
import type { OnPhase, Phase } from "./transport.ts";

/** A part of dialling, and how long it took in milliseconds. */
export interface DialPart {
  readonly name: Exclude<Phase, "loading">;
  readonly took: number;
}

/**
 * The times of one dial, from its creation on. What the program does for itself, loading code and
 * parsing certificates, is not the network's time, and is left out.
 *
 * @example
 * ```ts
 * import { DialTimes } from "./dial_times.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let now = 0;
 * const times = new DialTimes({ now: () => now });
 * now = 20;
 * times.onPhase("loading");
 * now = 23;
 * times.onPhase("connect");
 * assertEquals([times.elapsedMs, times.parts], [3, [{ name: "connect", took: 3 }]]);
 * ```
 */
export class DialTimes {
  /** The moment at which the connection stood, or else at which dialling began. */
  began: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #parts: DialPart[] = [];
  #started: number;
  #since: number;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.began = this.#started = this.#since = clock.now();
  }

  /** To be called when a part is over. */
  readonly onPhase: OnPhase = (phase, moment = this.#clock.now()) => {
    const took = moment - this.#since;
    this.#since = moment;
    if (phase === "loading") this.#started += took;
    else this.#parts.push({ name: phase, took });
    if (phase === "connect") this.began = moment;
  };

  /** What was reported so far, without the loading. */
  get parts(): readonly DialPart[] {
    return this.#parts;
  }

  /** Milliseconds of all parts together. */
  get elapsedMs(): number {
    return this.#since - this.#started;
  }
}
