/** Bench: many connections, a schedule, and what an expert asks of their latencies. */
import { wait } from "../clock.ts";
import { NetworkError } from "../errors.ts";
import { type Histograms, loadHistograms } from "../histogram.ts";
import { loadFor, loading } from "../load/bench_options.ts";
import { LoadProgress } from "../load/progress.ts";
import { type BenchResult, type Distribution, distribution, type Slice } from "../load/result.ts";
import { runLoad } from "../load/run.ts";
import { findRate } from "../load/search.ts";
import { setting } from "../load/setting.ts";
import type { Asked } from "../load/load.ts";
import { summarise } from "../load/summary.ts";
import { WRONG } from "../load/generator.ts";
import { flag } from "../options.ts";
import { deliver, delivering } from "../reports/delivery.ts";
import { StatusLine } from "../status_line.ts";
import { defineMode, type ModeContext } from "./mode.ts";

const PROBES = 100; // round trips a second, of the connection beside the load
const IDLE = 3000; // milliseconds at most, to measure it without a load

/** The bench mode. */
export const bench = defineMode({
  name: "bench",
  summary: "load the peer, and measure its rate and latency",
  chosenBy: "bench",
  example: "netecho client :8080 --bench --connections 50 --rate 10k/s",
  options: {
    bench: flag({
      summary: "load the peer and measure; every answer is checked",
      excludes: ["ping", "wait", "show"],
    }),
    ...loading,
    ...delivering,
  },
  async run(context, values) {
    const histograms = await loadHistograms();
    const load = loadFor(values, context);
    const { requested, insisted } = context.signals();
    const bench = new Bench(context, { load, histograms, stop: requested });
    const measuring = values.find
      ? findRate(values.find, (rate) => bench.run({ rate }))
      : values.underLoad
      ? bench.runBeside()
      : bench.run({});
    const result = await Promise.race([measuring, insisted]).finally(() => bench.end());
    if (!result) throw new NetworkError("Stopped before the end");
    await deliver(result, { values, output: context.output });
    return result.requests.answered === 0 || WRONG in result.errors ? 1 : 0;
  },
});

interface Benching {
  readonly load: Asked;
  readonly histograms: Histograms;
  readonly stop: Promise<void>;
}

/** Runs loads, and shows how they go. */
class Bench {
  readonly #context: ModeContext;
  readonly #benching: Benching;
  readonly #status: StatusLine;

  constructor(context: ModeContext, benching: Benching) {
    this.#context = context;
    this.#benching = benching;
    this.#status = new StatusLine(context.errors);
  }

  async run(change: Partial<Asked> & { readonly aside?: boolean }): Promise<BenchResult> {
    const { aside, ...changed } = change;
    const load = { ...this.#benching.load, ...changed };
    const { clock } = this.#context;
    const started = setting(this.#context);
    const progress = new LoadProgress(this.#status, load);
    const onSlice = (slice: Slice) => progress.show(slice);
    const { histograms, stop } = this.#benching;
    const running = { whom: this.#context, load, histograms, clock, onSlice, stop, aside };
    const measured = await runLoad(running);
    return summarise(measured, { load, setting: started });
  }

  /** The load, and the round trip beside it. */
  async runBeside(): Promise<BenchResult> {
    const { load: { duration, ramp, warmup } } = this.#benching;
    const { clock } = this.#context;
    const idle = await this.#probe(Math.min(duration, IDLE), this.#benching.stop);
    const ended = Promise.withResolvers<void>();
    const loading = this.run({ aside: true }).finally(ended.resolve);
    const under = wait(clock, ramp + warmup);
    await Promise.race([under.over, loading]);
    under.cut();
    const [result, loaded] = await Promise.all([loading, this.#probe(duration, ended.promise)]);
    return { ...result, underLoad: { idle, loaded } };
  }

  async end(): Promise<void> {
    await this.#status.end().catch(() => {}); // nobody reads stderr
  }

  async #probe(duration: number, stop: Promise<void>): Promise<Distribution> {
    const { load, histograms } = this.#benching;
    const { clock } = this.#context;
    const alone = { connections: 1, pipeline: 1, workers: 1, requests: undefined };
    const probe = { ...load, ...alone, rate: PROBES, duration, warmup: 0, ramp: 0 };
    const onSlice = () => {};
    const running = { whom: this.#context, load: probe, histograms, clock, onSlice, stop };
    const { recorder } = await runLoad(running);
    return distribution(recorder.uncorrected!);
  }
}
