/** What the bench mode does: loads the peer, and delivers what it measured. */
import { SCHEMA_VERSION } from "../report/schema_version.ts";
import { writeText } from "../core/io.ts";
import { NetworkError } from "../core/errors.ts";
import { type Histograms, loadHistograms } from "../core/histogram.ts";
import { benchLoadFor, type loadOptions } from "../bench/options.ts";
import { LoadProgress } from "../bench/progress.ts";
import type { Condition } from "../report/conditions.ts";
import { type Distribution, distribution } from "../report/distribution.ts";
import { type BenchResult, endlessOf, type RunInfo } from "../report/result.ts";
import type { LoadContext } from "../bench/load_context.ts";
import { runLoad } from "../bench/run_load.ts";
import { inTurn } from "../report/repeat.ts";
import { findRate } from "../bench/rate_search.ts";
import { runInfo } from "../report/run_info.ts";
import type { BenchLoad } from "../report/load.ts";
import { described, summarise } from "../bench/summary.ts";
import { WRONG_ANSWER } from "../bench/generator.ts";
import { NO_ECHO } from "../probe/messages.ts";
import type { Values } from "../cli/options.ts";
import { formatCount } from "../core/units.ts";
import { type deliveryOptions, prepareDelivery } from "../report/deliver.ts";
import { checkDescriptorLimit } from "../net/descriptor_limit.ts";
import { say } from "../terminal/output.ts";
import type { StatusLine } from "../terminal/status_line.ts";
import type { ModeContext } from "./mode.ts";

const PROBE_RATE = 100; // round trips a second, of the connection beside the load
const MAX_IDLE_PROBE_MS = 3000; // milliseconds at most, to measure it without a load

/** Runs the load that the options ask for. Returns the exit code. */
export async function runBench(
  context: ModeContext,
  values: Values<typeof loadOptions & typeof deliveryOptions>,
): Promise<number> {
  const { requested, insisted } = context.signals();
  const load = benchLoadFor(values, context);
  const limited = checkDescriptorLimit(load.connections, "--connections");
  if (limited) await say(`netecho: ${limited}`);
  // A search ends in an open loop.
  const rate = values.find ? 1 : load.rate;
  const deliver = await prepareDelivery(values, described({ ...load, rate }));
  const histograms = await loadHistograms();
  const bench = new Bench(context, { load, histograms, stop: requested });
  const measuring = values.find
    ? bench.find(values.find)
    : values.underLoad
    ? bench.runBeside()
    : bench.repeat(values.repeat ?? 1);
  const result = await Promise.race([measuring, insisted.then(giveUp)])
    .finally(() => bench.end())
    .catch((error) => failWith(error, { context, json: values.json }));
  await deliver(result, context.output);
  if (bench.failure) throw bench.failure;
  const failure = failureOf(result);
  if (failure) throw new NetworkError(failure);
  if (result.search && result.interrupted) throw new NetworkError("The search was interrupted");
  return 0;
}

function settingOf({ target: { address }, commandLine: { args }, clock }: ModeContext): RunInfo {
  return runInfo({ address, args, clock });
}

function giveUp(): never {
  throw new NetworkError("Stopped before the end");
}

// With --json, stdout is JSON on every path.
async function failWith(
  error: unknown,
  { context, json }: { readonly context: ModeContext; readonly json: boolean },
): Promise<never> {
  if (json && error instanceof NetworkError) {
    const failure = { schema: SCHEMA_VERSION, ...settingOf(context), error: error.message };
    await writeText(context.output, `${JSON.stringify(failure, null, 2)}\n`);
  }
  throw error;
}

// Why the figures are not those of an echo.
function failureOf(
  { requests, errors, interrupted }: BenchResult,
): string | undefined {
  const { answered } = requests;
  const wrong = errors[WRONG_ANSWER] ?? 0;
  if (wrong > 0 && answered > wrong) {
    return `${formatCount(wrong)} answers were not what was sent; ${formatCount(answered)} were`;
  }
  if (wrong > 0) return `The peer does not echo: ${WRONG_ANSWER}${NO_ECHO}`;
  if (answered > 0) return undefined;
  const none = endlessOf(requests) === 0 ? "none was due" : "no answer in time";
  const [reason = interrupted ? "stopped before the first answer" : none] = Object.keys(errors);
  return `No request was answered: ${reason}`;
}

interface Benching {
  readonly load: BenchLoad;
  readonly histograms: Histograms;
  readonly stop: Promise<void>;
}

type Change =
  & Partial<BenchLoad>
  & Pick<LoadContext, "offMainThread" | "onMeasuring" | "onMeasured">;

/** Runs loads and shows their progress. */
class Bench {
  readonly #context: ModeContext;
  readonly #benching: Benching;
  readonly #status: StatusLine;
  /** Why a run after the first could not be made. */
  failure: unknown;
  #stopped = false;

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
    const started = settingOf(this.#context);
    const progress = new LoadProgress(this.#status, load);
    const measured = await runLoad({
      ...this.#running(load),
      onSlice: (slice) => progress.show(slice),
      offMainThread,
      onMeasuring,
      onMeasured,
    });
    const result = summarise(measured, { load, run: started });
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
    return { ...result, underLoad: { idle, loaded } };
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
    return distribution(recorder.latency, recorder.failed + unanswered + unsent);
  }

  #running(load: BenchLoad): LoadContext {
    const { histograms, stop } = this.#benching;
    const { clock } = this.#context;
    return { target: this.#context.target, load, histograms, clock, stop, onSlice() {} };
  }
}
