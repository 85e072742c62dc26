/** The runs that a load is made of: one, several, a search, or one beside a probe. */
import type { BenchLoad } from "../report/load.ts";
import { type BenchResult, endlessOf } from "../report/result.ts";
import type { Condition } from "../report/conditions.ts";
import { type Distribution, distribution } from "../report/distribution.ts";
import type { Histograms } from "../core/histogram.ts";
import { until } from "../core/clock.ts";
import { formatDuration } from "../core/units.ts";
import { inTurn } from "../report/repeat.ts";
import { findRate } from "../bench/rate_search.ts";
import type { LoadContext } from "../bench/load_context.ts";
import { LoadProgress } from "../bench/progress.ts";
import { runLoad } from "../bench/run_load.ts";
import { summarise } from "../bench/summary.ts";
import { settingOf } from "./failed_result.ts";
import type { ModeContext } from "./mode.ts";
import type { StatusLine } from "../terminal/status_line.ts";

const MAX_LATENESS_MS = 10; // of a load that is to begin at a moment
const PROBE_RATE = 100; // round trips a second, of the connection beside the load
const MAX_IDLE_PROBE_MS = 3000; // milliseconds at most, to measure it without a load

/** What all runs of a mode share. */
export interface Benching {
  readonly load: BenchLoad;
  readonly histograms: Histograms;
  readonly stop: Promise<void>;
  /** When the load is to begin, in milliseconds since 1970; as soon as it can, where it is not given. */
  readonly startAt: number | undefined;
}

type Change =
  & Partial<BenchLoad>
  & Pick<LoadContext, "offMainThread" | "onMeasuring" | "onMeasured">;

/** Runs loads and shows their progress. */
export class Bench {
  readonly #context: ModeContext;
  readonly #benching: Benching;
  readonly #status: StatusLine;
  /** Why a run after the first could not be made. */
  failure: unknown;
  #stopped = false;
  #hasBegun = false;

  constructor(context: ModeContext, benching: Benching) {
    this.#context = context;
    this.#benching = benching;
    this.#status = context.openStatus(context.errors);
    benching.stop.then(() => this.#stopped = true);
  }

  /** Runs the load that was asked for, with some changes. */
  async run(
    { offMainThread, onMeasuring, onMeasured, ...change }: Change,
  ): Promise<BenchResult> {
    const load = { ...this.#benching.load, ...change };
    const setting = settingOf(this.#context);
    let { started } = setting;
    const progress = new LoadProgress(this.#status, load);
    const measured = await runLoad({
      ...this.#running(load),
      onSlice: (slice) => progress.show(slice),
      begin: this.#beginner((moment) => started = moment),
      offMainThread,
      onMeasuring,
      onMeasured,
    });
    const result = summarise(measured, { load, run: { ...setting, started } });
    return this.#stopped ? { ...result, interrupted: true } : result;
  }

  /** Runs the load several times, one after the other. */
  async repeat(times: number): Promise<BenchResult> {
    const first = await this.run({});
    if (times === 1) return first;
    const results: [BenchResult, ...BenchResult[]] = [first];
    try {
      while (results.length < times && !this.#stopped) results.push(await this.run({}));
    } catch (error) {
      this.failure = error; // what was measured before stays
    }
    return inTurn(results, this.#benching.histograms);
  }

  /** Searches for the highest rate that holds a condition. */
  async find(condition: Condition): Promise<BenchResult> {
    const result = await findRate(condition, {
      trial: (rate) => this.run({ rate }),
      isStopped: () => this.#stopped,
    });
    return this.#stopped ? { ...result, interrupted: true } : result;
  }

  /** Runs the load, and measures the round trip on another connection before and during it. */
  async runBeside(): Promise<BenchResult> {
    const { load: { duration }, stop } = this.#benching;
    const idle = await this.#probe(Math.min(duration, MAX_IDLE_PROBE_MS), stop);
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const measuring = this.run({
      offMainThread: true,
      onMeasuring: begun.resolve,
      onMeasured: ended.resolve,
    });
    await Promise.race([begun.promise, measuring]);
    const [result, loaded] = await Promise.all([
      measuring,
      this.#probe(duration, Promise.race([ended.promise, measuring.then(() => {})])),
    ]);
    const isStopped = result.interrupted && loaded.count === 0; // before the load
    return { ...result, underLoad: { idle, ...(!isStopped && { loaded }) } };
  }

  // What the first run waits for, once its connections are made; `began` is told when that was.
  #beginner(began: (moment: string) => void): (() => Promise<void>) | undefined {
    const { startAt, stop } = this.#benching;
    if (startAt === undefined || this.#hasBegun) return undefined;
    this.#hasBegun = true;
    return async () => {
      const { clock, say } = this.#context;
      const late = clock.wallTime() - startAt;
      if (late > MAX_LATENESS_MS) {
        await say(`netecho: The connections were made ${formatDuration(late)} after --start-at`);
      }
      this.#status.show(`begins at ${new Date(startAt).toISOString()}`);
      await Promise.race([until(clock, clock.now() + startAt - clock.wallTime()), stop]);
      began(new Date(clock.wallTime()).toISOString());
    };
  }

  async end(): Promise<void> {
    await this.#status.end().catch(() => {}); // nobody reads stderr
  }

  async #probe(duration: number, stop: Promise<void>): Promise<Distribution> {
    const alone = { connections: 1, pipeline: 1, workers: 1, requests: undefined };
    const load = {
      ...this.#benching.load,
      ...alone,
      rate: PROBE_RATE,
      duration,
      warmup: 0,
      ramp: 0,
    };
    const { recorder, unanswered, unsent } = await runLoad({ ...this.#running(load), stop });
    return distribution(
      recorder.latency,
      endlessOf({ failed: recorder.failed, unanswered, unsent }),
    );
  }

  #running(load: BenchLoad): LoadContext {
    const { histograms, stop } = this.#benching;
    const { clock } = this.#context;
    return { target: this.#context.target, load, histograms, clock, stop, onSlice() {} };
  }
}
