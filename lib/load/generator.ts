/** The load generator: requests over many connections, in a closed or an open loop. */
import { type Clock, every, until, wait } from "../clock.ts";
import type { Dial } from "./attempt.ts";
import { Idle } from "./idle.ts";
import { type Answered, type Lane, type LaneEvents, TIMED_OUT } from "./lane.ts";
import { Lanes, reasonOf } from "./lanes.ts";
import type { Load } from "./load.ts";
import type { Recorder, Stretch } from "./recorder.ts";
import { schedule } from "./schedule.ts";

const PAUSE = 100; // milliseconds that a lane rests after a failure
const SAMPLE = 10; // milliseconds between two looks at how long the event loop takes
/** The kind of failure that says that the peer does not echo. */
export const WRONG = "the answer is not what was sent";

/** What the generator works with. */
export interface Generating {
  readonly load: Load;
  readonly clock: Clock;
  readonly dial: Dial;
  readonly recorder: Recorder;
  /** Learns of each stretch of the measurement. */
  readonly onStretch: (stretch: Stretch) => void;
  /** Awaited between connecting and beginning: others may still be connecting. */
  readonly ready?: () => Promise<void>;
}

/** What a measurement came to, beside what the recorder has. */
export interface Outcome {
  /** Milliseconds that were measured. */
  readonly elapsedMs: number;
  /** Requests that were under way at the end. */
  readonly inFlight: number;
  /** Of those, how many were never answered. */
  readonly unanswered: number;
  /** Requests that were due, and not sent because no connection was free. */
  readonly unsent: number;
}

/** Makes a load once. */
export class Generator implements LaneEvents {
  readonly #generating: Generating;
  readonly #lanes: Lanes;
  readonly #idle = new Idle();
  readonly #ended = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  #at: ((index: number) => number) | undefined; // when a request of an open loop is due
  #stopping = false;
  #next = 0; // the index of its next request
  #counted = 0; // requests that were sent and count
  #settled = 0; // and of those, how many are answered or failed
  #state: "connecting" | "running" | "draining" | "over" = "connecting";

  constructor(generating: Generating) {
    const { load, clock, dial, recorder } = generating;
    this.#generating = generating;
    this.#lanes = new Lanes({
      load,
      clock,
      dial,
      events: this,
      onLane: (lane) => this.#state === "running" && this.#start(lane),
      onFailure: (kind) => recorder.failure(clock.now(), kind),
    });
  }

  /**
   * Connects, warms up, measures, and waits for what is still under way.
   *
   * @throws {NetworkError} where not one connection can be made
   */
  async run(): Promise<Outcome> {
    const { load, ready = async () => {} } = this.#generating;
    if (load.rate === undefined && load.ramp > 0) {
      // In a closed loop, what is ramped up are connections, which work as soon as they are made.
      await ready();
      this.#begin();
      await this.#lanes.open(load.ramp);
    } else {
      await this.#lanes.open(0);
      await ready();
      this.#begin();
    }
    return await this.#measure();
  }

  /** Ends the measurement now. */
  stop(): void {
    this.#stopping = true;
    this.#ended.resolve();
  }

  onAnswer(lane: Lane, { due, sent, now, intact, parts = [] }: Answered): void {
    const { recorder } = this.#generating;
    if (!intact) recorder.failure(due, WRONG);
    else recorder.answer(now, { due, sent });
    for (const part of parts) recorder.part(due, part);
    this.#settle(due);
    this.#free(lane, now);
  }

  onFailure(lane: Lane, { due, error }: { readonly due: number; readonly error: unknown }): void {
    const { recorder, clock } = this.#generating;
    if (this.#state !== "over") recorder.failure(due, reasonOf(error));
    this.#settle(due);
    clock.after(error === TIMED_OUT ? 0 : PAUSE, () => this.#free(lane, clock.now()));
  }

  onEnd(lane: Lane): void {
    this.#lanes.replace(lane);
  }

  #begin(): void {
    const { load: { rate, ramp, warmup, duration }, clock, recorder } = this.#generating;
    const begun = clock.now();
    this.#state = "running";
    recorder.cover(begun + ramp + warmup, duration);
    if (rate !== undefined) {
      const offset = schedule({ rate, ramp });
      this.#at = (index) => begun + offset(index);
    }
    for (const lane of this.#lanes.all) this.#start(lane);
    if (this.#at) this.#dispatch();
  }

  async #measure(): Promise<Outcome> {
    const { load, clock, recorder, onStretch } = this.#generating;
    const { timeout } = load;
    const ticks = [
      every(clock, SAMPLE, () => this.#sample()),
      every(clock, timeout / 4, () => this.#lanes.giveUp(clock.now() - timeout)),
    ];
    await this.#during(recorder.from);
    recorder.cut(recorder.from); // what came before is no part of the first slice
    this.#skipWarmup();
    const slices = every(clock, load.slice, () => onStretch(recorder.cut(clock.now())));
    await this.#during(recorder.to);
    slices();
    recorder.end(clock.now());
    const outcome = this.#drain();
    await Promise.race([this.#drained.promise, wait(clock, timeout + SAMPLE).over]);
    for (const stop of ticks) stop();
    const last = recorder.cut(clock.now());
    if (last.latencies.count + last.failed > 0) onStretch(last);
    this.#state = "over";
    const unanswered = this.#counted - this.#settled;
    this.#lanes.close();
    return { ...outcome, unanswered };
  }

  #drain(): Omit<Outcome, "unanswered"> {
    const { recorder } = this.#generating;
    this.#state = "draining";
    const inFlight = this.#counted - this.#settled;
    if (inFlight === 0) this.#drained.resolve();
    const elapsedMs = Math.max(0, recorder.to - recorder.from);
    return { elapsedMs, inFlight, unsent: this.#unsent() };
  }

  // What is behind when the measurement begins was of the warm-up, and is forgotten.
  #skipWarmup(): void {
    while (this.#at && this.#at(this.#next) < this.#generating.recorder.from) this.#next++;
  }

  // Requests of an open loop that count and are still to be sent.
  #unsent(): number {
    if (!this.#at) return 0;
    const { recorder } = this.#generating;
    let unsent = 0;
    for (let index = this.#next; this.#at(index) < recorder.to; index++) {
      if (recorder.covers(this.#at(index))) unsent++;
    }
    return unsent;
  }

  // Until a moment, or until it is ended. A timer may be early, too.
  async #during(moment: number): Promise<void> {
    const { clock } = this.#generating;
    const left = moment - clock.now();
    if (left <= 0) return;
    const pause = wait(clock, left);
    const reached = pause.over.then(() => this.#stopping ? 0 : until(clock, moment));
    await Promise.race([reached, this.#ended.promise]);
    pause.cut();
  }

  // A request that counts is answered, or has failed.
  #settle(due: number): void {
    const { recorder, load: { requests } } = this.#generating;
    if (!recorder.covers(due)) return;
    if (++this.#settled === requests) this.stop();
    if (this.#state === "draining" && this.#settled === this.#counted) this.#drained.resolve();
  }

  // How long an answer may wait until the event loop comes round to it.
  #sample(): void {
    const { clock, recorder } = this.#generating;
    if (this.#at) return; // what counts is how late its requests are
    const since = clock.now();
    clock.soon(() => recorder.late(since, clock.now() - since));
  }

  #start(lane: Lane): void {
    const { load: { pipeline }, clock } = this.#generating;
    for (let room = 0; room < pipeline; room++) this.#free(lane, clock.now());
  }

  // A lane has room for a request: one that waits takes it at once.
  #free(lane: Lane, now: number): void {
    if (this.#state !== "running" || !this.#lanes.has(lane)) return;
    if (!this.#at) return this.#send(lane, now);
    if (this.#at(this.#next) <= now) return this.#send(lane, this.#at(this.#next++));
    this.#idle.push(lane);
  }

  #send(lane: Lane, due: number): void {
    const { recorder, load: { requests } } = this.#generating;
    if (this.#counted === requests) return;
    if (recorder.covers(due)) this.#counted++;
    lane.request(due);
  }

  // Sends what is due in an open loop over the lanes that have room.
  async #dispatch(): Promise<void> {
    const { clock, recorder } = this.#generating;
    const at = this.#at!;
    while (this.#state === "running") {
      await this.#idle.some();
      await until(clock, at(this.#next));
      const now = clock.now();
      for (let lane = this.#idle.take(); lane; lane = this.#idle.take()) {
        const due = at(this.#next);
        if (due > now) {
          this.#idle.push(lane);
          break;
        }
        if (!this.#lanes.has(lane)) continue;
        this.#next++;
        recorder.late(now, now - due);
        this.#send(lane, due);
      }
    }
  }
}
