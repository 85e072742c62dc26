/** Tracking which numbered messages are answered. */

const UNUSED = 0;
const WAITING = 1;
const ANSWERED = 2;
const GIVEN_UP = 3;

/** What an answer is to the message that it belongs to. */
export type Standing = "answer" | "late" | "duplicate" | "unknown";

/** The judgement of an answer. */
export interface Judgement {
  readonly standing: Standing;
  /** Whether the answer to a later message came before. */
  readonly reordered: boolean;
  /** When the message was sent, in milliseconds of the clock; NaN where that is unknown. */
  readonly sentAt: number;
}

/**
 * Tracks the last `window` messages of a connection, a power of two, in constant
 * memory. Numbers rise by one; an answer to a message before the window is unknown.
 *
 * @example
 * ```ts
 * import { Tracker } from "./tracker.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const tracker = new Tracker({ window: 16 });
 * tracker.sent(1, 10);
 * tracker.sent(2, 20);
 * assertEquals(tracker.answered(2).standing, "answer");
 * assertEquals(tracker.giveUp(15), [1]); // those that were sent at 15 or before
 * const late = tracker.answered(1);
 * assertEquals([late.standing, late.reordered], ["late", true]);
 * ```
 */
export class Tracker {
  readonly #window: number;
  readonly #states: Uint8Array;
  readonly #times: Float64Array;
  #oldest = 1; // no message before this one waits
  #next = 1;
  #highest = 0; // the latest message that was answered
  #waiting = 0;

  constructor({ window }: { readonly window: number }) {
    this.#window = window;
    this.#states = new Uint8Array(window);
    this.#times = new Float64Array(window);
  }

  /** The number of the last message; 0 before the first. */
  get last(): number {
    return this.#next - 1;
  }

  /** How many messages wait for their answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** When the oldest message was sent that waits. */
  get waitingSince(): number | undefined {
    this.#forget();
    return this.#waiting > 0 ? this.#times[this.#slot(this.#oldest)] : undefined;
  }

  /**
   * Adds the next message. With a full window the oldest one, `number - window`, is given
   * up: returns whether it was still waiting.
   */
  sent(number: number, at: number): boolean {
    const slot = this.#slot(number);
    const evicted = this.#states[slot] === WAITING;
    if (evicted) this.#waiting--;
    this.#states[slot] = WAITING;
    this.#times[slot] = at;
    this.#next = number + 1;
    this.#waiting++;
    return evicted;
  }

  /** Judges the answer to a message. */
  answered(number: number): Judgement {
    const slot = this.#slot(number);
    const known = number >= 1 && number < this.#next && number >= this.#next - this.#window;
    const state = known ? this.#states[slot]! : UNUSED;
    const sentAt = this.#times[slot]!;
    if (state === UNUSED) return { standing: "unknown", reordered: false, sentAt: NaN };
    if (state === ANSWERED) return { standing: "duplicate", reordered: false, sentAt };
    if (state === WAITING) this.#waiting--;
    this.#states[slot] = ANSWERED;
    const reordered = number < this.#highest;
    this.#highest = Math.max(this.#highest, number);
    return { standing: state === WAITING ? "answer" : "late", reordered, sentAt };
  }

  /** Gives up all that wait and were sent at `moment` or before; returns their numbers. */
  giveUp(moment: number): number[] {
    const lost: number[] = [];
    for (this.#forget(); this.#waiting > 0; this.#forget()) {
      const slot = this.#slot(this.#oldest);
      if (this.#times[slot]! > moment) break;
      this.#states[slot] = GIVEN_UP;
      this.#waiting--;
      lost.push(this.#oldest);
    }
    return lost;
  }

  #forget(): void {
    this.#oldest = Math.max(this.#oldest, this.#next - this.#window);
    while (this.#oldest < this.#next && this.#states[this.#slot(this.#oldest)] !== WAITING) {
      this.#oldest++;
    }
  }

  #slot(number: number): number {
    return number & (this.#window - 1);
  }
}
