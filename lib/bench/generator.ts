/** The load generator: requests over many connections, in a closed or an open loop. */
import { type Clock, every, settlesWithin, until } from "../core/clock.ts";
import { reasonOf } from "../core/explain.ts";
import type { Exchange } from "../probe/exchange.ts";
import type { Dial } from "../probe/round_trip.ts";
import { type Lane, type LaneAnswer, type LaneEnding, type LaneEvents, TIMED_OUT } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import { LONGEST_WAIT_MS } from "../core/units.ts";
import { tcpTotals } from "../net/tcp_info.ts";
import type { LoadOptions } from "../report/load.ts";
import { OpenLoop } from "./open_loop.ts";
import type { RecordedSlice, Recorder } from "./recorder.ts";
import { schedule } from "./schedule.ts";
import { SelfWatch } from "./self_watch.ts";
import { Slicer } from "./slicer.ts";

const PAUSE_AFTER_FAILURE_MS = 100; // before a lane is used again
const STOP_TIMEOUT_MS = 1000; // for requests under way, after an interrupt
const GIVING_UP_MS = 10; // after its time-out, a request is given up

/** What a {@linkcode Generator} works with. */
export interface GeneratorContext {
  readonly load: LoadOptions;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly dial: Dial;
  readonly recorder: Recorder;
  /** Called with each slice of the measurement. */
  readonly onSlice: (slice: RecordedSlice) => void;
  /**
   * Awaited when all connections are made, before the load begins: other workers may be connecting.
   */
  readonly ready?: (() => Promise<void>) | undefined;
  /** Called when the measurement begins, and when it ends. */
  readonly onMeasuring?: (() => void) | undefined;
  readonly onMeasured?: (() => void) | undefined;
  /** Called where not one connection can be made, which is an error otherwise. */
  readonly onUnreached?: (error: unknown) => void;
  /** Called where there is no peer for as long as an answer may take; else that ends the load. */
  readonly onGone?: () => void;
  /** How long this thread has waited for a CPU. */
  readonly cpuWaitMs?: () => number | undefined;
}

/** The counts of a measurement that the recorder does not have. */
export interface LoadOutcome {
  /** Milliseconds that were measured. */
  readonly elapsedMs: number;
  /** Requests that were under way at the end. */
  readonly inFlight: number;
  /** Of those, how many were never answered. */
  readonly unanswered: number;
  /** Requests that were due, or were asked for by their number, and not sent. */
  readonly unsent: number;
  /** Whether the peer was gone, so that the rest of a number of requests was not sent. */
  readonly gone: boolean;
}

/** Generates one load. */
export class Generator implements LaneEvents {
  readonly #generating: GeneratorContext;
  readonly #lanes: Lanes;
  readonly #ended = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  #open: OpenLoop | undefined; // undefined in a closed loop
  #counted = 0; // measured requests that were sent
  #settled = 0; // of those, answered or failed
  #stopping = false;
  #gone = false;
  #state: "connecting" | "running" | "draining" | "over" = "connecting";

  constructor(generating: GeneratorContext) {
    const { load, exchange, clock, dial, recorder } = generating;
    this.#generating = generating;
    this.#lanes = new Lanes({
      load,
      exchange,
      clock,
      dial,
      events: this,
      onLane: (lane) => this.#state === "running" && !this.#stopping && this.#start(lane),
      onFailure: (kind) => recorder.recordProblem(clock.now(), kind),
      onUnreached: generating.onUnreached,
      onGone: generating.onGone ?? (() => this.giveUp()),
      onReconnect: () => recorder.recordReconnect(clock.now()),
    });
  }

  /**
   * Connects, warms up, measures, and waits for what is still under way.
   *
   * @throws {NetworkError} where not one connection can be made
   */
  async run(): Promise<LoadOutcome> {
    const { load: { rate, ramp }, ready = () => Promise.resolve() } = this.#generating;
    const ended = this.#ended.promise;
    if (rate === undefined && ramp > 0) {
      // A closed loop ramps up its connections: each is used as soon as it is made.
      await Promise.race([ready(), ended]);
      this.#begin();
      await Promise.race([this.#lanes.open(ramp), ended]);
    } else {
      await Promise.race([this.#lanes.open(0).then(ready), ended]);
      this.#begin();
    }
    return await this.#measure();
  }

  /** Ends a load of a number of requests: nobody is there to answer them. */
  giveUp(): void {
    if (this.#generating.load.requests === undefined) return;
    this.#gone = true;
    this.#ended.resolve();
  }

  /** Ends the measurement now. */
  stop(): void {
    this.#stopping = true;
    this.#ended.resolve();
    this.#generating.clock.after(STOP_TIMEOUT_MS, () => this.#drained.resolve());
  }

  onAnswer(lane: Lane, { due, sent, now, intact, parts }: LaneAnswer): void {
    const { recorder, exchange } = this.#generating;
    this.#lanes.noteAnswer();
    if (!intact) recorder.recordFailure(due, exchange.wrongAnswer);
    else recorder.recordAnswer(now, { due, sent, slot: lane.slot });
    if (parts) { for (const part of parts) recorder.recordPart(due, part); }
    this.#settle(due);
    this.#free(lane, now);
  }

  onFailure(lane: Lane, { due, error }: { readonly due: number; readonly error: unknown }): void {
    const { recorder, clock } = this.#generating;
    if (this.#state === "over") return;
    recorder.recordFailure(due, reasonOf(error));
    this.#settle(due);
    clock.after(
      error === TIMED_OUT ? 0 : PAUSE_AFTER_FAILURE_MS,
      () => this.#free(lane, clock.now()),
    );
  }

  onStray(kind: string): void {
    const { recorder, clock } = this.#generating;
    recorder.recordProblem(clock.now(), kind);
  }

  onEnd(lane: Lane, { error, idle, served, tcp }: LaneEnding): void {
    const { recorder, clock } = this.#generating;
    if (tcp) recorder.recordTcp(tcpTotals(tcp));
    // Requests that waited have told of it.
    if (error && idle) recorder.recordProblem(clock.now(), `between requests: ${reasonOf(error)}`);
    this.#open?.remove(lane);
    this.#lanes.replace(lane, { served });
  }

  #begin(): void {
    const { load, clock, recorder } = this.#generating;
    const { rate, ramp, warmup, duration, offset = 0 } = load;
    const begun = clock.now();
    this.#state = "running";
    recorder.setWindow(begun + ramp + warmup, duration);
    if (rate !== undefined) {
      this.#open = new OpenLoop({
        schedule: schedule({ rate, ramp }, begun + offset),
        clock,
        recorder,
        send: (lane, due) => this.#send(lane, due),
      });
    }
    if (this.#stopping) return; // before it began
    for (const lane of this.#lanes.all) this.#start(lane);
    this.#open?.run();
  }

  async #measure(): Promise<LoadOutcome> {
    const { load, clock, recorder, onSlice, onMeasuring, onMeasured, cpuWaitMs } = this.#generating;
    const { timeout, slice } = load;
    const watch = new SelfWatch({ clock, recorder, isOpen: this.#open !== undefined, cpuWaitMs });
    const giveUp = () => this.#lanes.giveUp(clock.now() - timeout);
    const stopGivingUp = every(clock, Math.max(1, timeout / 20), giveUp);
    await this.#during(recorder.from);
    onMeasuring?.();
    watch.beginMeasuring();
    // Requests of the warm-up that are still due are dropped.
    this.#open?.skipTo(recorder.from);
    const slicer = new Slicer({ clock, recorder, slice, onSlice });
    await this.#during(recorder.to);
    this.#open?.end(Math.min(recorder.to, clock.now()));
    recorder.end(clock.now());
    watch.endMeasuring();
    const reportLast = slicer.end();
    onMeasured?.();
    const outcome = await this.#drain();
    reportLast();
    watch.stop();
    stopGivingUp();
    this.#state = "over";
    this.#lanes.close();
    return outcome;
  }

  // Waits for the requests under way, after an interrupt not for long.
  async #drain(): Promise<LoadOutcome> {
    const { recorder, clock, load: { rate, timeout, requests = Infinity } } = this.#generating;
    this.#state = "draining";
    const gone = this.#gone;
    const inFlight = this.#counted - this.#settled;
    const due = this.#open?.unsent(recorder.from, recorder.to) ?? 0;
    const left = requests - this.#counted;
    const unsent = gone ? left : Math.min(due, left);
    if (inFlight === 0) this.#drained.resolve();
    await settlesWithin(this.#drained.promise, { clock, milliseconds: timeout + GIVING_UP_MS });
    const unanswered = this.#counted - this.#settled;
    // The last of so many requests has its share of the time, too.
    const least = rate === undefined || requests === Infinity ? 0 : this.#counted * 1000 / rate;
    const elapsedMs = Math.max(0, recorder.to - recorder.from, least);
    return { elapsedMs, inFlight, unanswered, unsent, gone };
  }

  // Waits until a moment or the end of the measurement. A timer may also be early.
  async #during(moment: number): Promise<void> {
    const { clock } = this.#generating;
    const left = moment - clock.now();
    if (left <= 0) return;
    const milliseconds = Math.min(left, LONGEST_WAIT_MS);
    if (await settlesWithin(this.#ended.promise, { clock, milliseconds })) return;
    await Promise.race([until(clock, moment), this.#ended.promise]);
  }

  // A measured request is answered, or has failed.
  #settle(due: number): void {
    const { recorder, load: { requests } } = this.#generating;
    if (!recorder.inWindow(due)) return;
    if (++this.#settled === requests) this.#ended.resolve();
    if (this.#state === "draining" && this.#settled === this.#counted) this.#drained.resolve();
  }

  #start(lane: Lane): void {
    const { load: { pipeline }, clock } = this.#generating;
    for (let room = 0; room < pipeline; room++) this.#free(lane, clock.now());
  }

  // A lane can take a request.
  #free(lane: Lane, now: number): void {
    if (this.#state !== "running" || !this.#lanes.has(lane)) return;
    if (this.#open) this.#open.free(lane, now);
    else this.#send(lane, now);
  }

  #send(lane: Lane, due: number): void {
    const { recorder, load: { requests } } = this.#generating;
    if (this.#counted === requests || due >= recorder.to) return;
    if (recorder.inWindow(due)) this.#counted++;
    lane.request(due);
  }
}
