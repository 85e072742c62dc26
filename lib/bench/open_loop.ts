/** An open loop: requests are sent by a schedule, over any lane that is free. */
import { type Clock, until } from "../core/clock.ts";
import { IdleQueue } from "./idle_queue.ts";
import type { Lane } from "./lane.ts";
import type { Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";

/** What an {@linkcode OpenLoop} works with. */
export interface OpenLoopContext {
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Sends the request that is due at a moment. */
  readonly send: (lane: Lane, due: number) => void;
}

/** Sends requests by a schedule over lanes that are free. */
export class OpenLoop {
  readonly #opening: OpenLoopContext;
  readonly #idle = new IdleQueue();
  #next = 0; // the index of the next request
  #over = false;

  constructor(opening: OpenLoopContext) {
    this.#opening = opening;
  }

  /** Adds a free lane, which sends a request that is due already or waits for the next one. */
  free(lane: Lane, now: number): void {
    const { schedule, send } = this.#opening;
    const due = schedule.at(this.#next);
    if (due > now) return this.#idle.push(lane);
    this.#next++;
    send(lane, due);
  }

  /** Removes a lane. */
  remove(lane: Lane): void {
    this.#idle.remove(lane);
  }

  /** Sends requests when they are due and a lane is free, until {@linkcode OpenLoop.end}. */
  async run(): Promise<void> {
    const { schedule, clock } = this.#opening;
    while (!this.#over) {
      await this.#idle.some();
      await until(clock, schedule.at(this.#next));
      if (!this.#over) this.#sendDue(clock.now());
    }
  }

  /** Drops requests that were due before a moment and are not sent. */
  skipTo(moment: number): void {
    this.#next = Math.max(this.#next, this.#opening.schedule.before(moment));
  }

  /** Sends the requests that are due at a moment, and no more after that. */
  end(moment: number): void {
    this.#sendDue(moment);
    this.#over = true;
  }

  /** How many requests that are due between two moments are not sent. */
  unsent(from: number, to: number): number {
    const { before } = this.#opening.schedule;
    return Math.max(0, before(to) - Math.max(this.#next, before(from)));
  }

  #sendDue(now: number): void {
    const { schedule, recorder, send } = this.#opening;
    for (let lane = this.#idle.peek(); lane; lane = this.#idle.peek()) {
      const due = schedule.at(this.#next);
      if (due > now) return;
      this.#idle.take();
      this.#next++;
      recorder.recordLateness(now, now - due);
      send(lane, due);
    }
  }
}
