/** An open loop: requests leave by a schedule, over whichever lane has room. */
import { type Clock, until } from "../core/clock.ts";
import { IdleQueue } from "./idle_queue.ts";
import type { Lane } from "./lane.ts";
import type { Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";

/** What an open loop works with. */
export interface OpenLoopContext {
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Sends the request that is due at a moment. */
  readonly send: (lane: Lane, due: number) => void;
}

/** The requests that are still to be sent, and the lanes that wait for them. */
export class OpenLoop {
  readonly #opening: OpenLoopContext;
  readonly #idle = new IdleQueue();
  #next = 0; // the index of the next request
  #over = false;

  constructor(opening: OpenLoopContext) {
    this.#opening = opening;
  }

  /** A lane has room: it takes a request that is due already, or waits for the next one. */
  free(lane: Lane, now: number): void {
    const { schedule, send } = this.#opening;
    const due = schedule.at(this.#next);
    if (due > now) return this.#idle.push(lane);
    this.#next++;
    send(lane, due);
  }

  /** A lane is gone. */
  remove(lane: Lane): void {
    this.#idle.remove(lane);
  }

  /** Sends what is due while there is a lane with room, until {@linkcode OpenLoop.end}. */
  async run(): Promise<void> {
    const { schedule, clock } = this.#opening;
    while (!this.#over) {
      await this.#idle.some();
      await until(clock, schedule.at(this.#next));
      if (!this.#over) this.#sendDue(clock.now());
    }
  }

  /** Forgets what was due before a moment and is not sent. */
  skipTo(moment: number): void {
    this.#next = Math.max(this.#next, this.#opening.schedule.before(moment));
  }

  /** Sends what is due at a moment, and no more after that. */
  end(moment: number): void {
    this.#sendDue(moment);
    this.#over = true;
  }

  /** How many requests between two moments are still to be sent. */
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
