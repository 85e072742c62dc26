/** A worker thread: generates its share of a load and reports what it measures. */
import { cpuWaitMs } from "../core/cpu.ts";
import { explain } from "../core/explain.ts";
import { loadHistograms } from "../core/histogram.ts";
import { exchangeOf } from "../probe/exchange_of.ts";
import { Generator } from "./generator.ts";
import { PromptClock } from "../probe/prompt_clock.ts";
import { Recorder } from "./recorder.ts";
import { dialerOf, type DialTarget } from "./load_context.ts";
import type { BenchLoad } from "../report/load.ts";
import type { WorkerCommand, WorkerMessage } from "./workers.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<WorkerCommand>) => void;
  postMessage(message: WorkerMessage): void;
};

const go = Promise.withResolvers<void>();
const stop = Promise.withResolvers<void>();
const gone = Promise.withResolvers<void>();

thread.onmessage = ({ data }) => {
  if (data === "go") go.resolve();
  else if (data === "stop") stop.resolve();
  else if (data === "gone") gone.resolve();
  else {
    work(data).catch((error) => thread.postMessage({ kind: "failed", message: explain(error) }));
  }
};

async function work({ target, load }: { target: DialTarget; load: BenchLoad }): Promise<void> {
  const recorder = new Recorder(await loadHistograms(), load);
  let unreached: string | undefined;
  const generator = new Generator({
    load,
    exchange: await exchangeOf(load),
    clock: new PromptClock(),
    recorder,
    dial: dialerOf(target, load),
    onSlice({ latencies, ...slice }) {
      thread.postMessage({ kind: "slice", slice: { ...slice, hdr: latencies.encode() } });
    },
    onMeasuring: () => thread.postMessage({ kind: "measuring" }),
    onMeasured: () => thread.postMessage({ kind: "measured" }),
    ready() {
      thread.postMessage({ kind: "connected", unreached });
      return go.promise;
    },
    onUnreached: (error) => unreached = explain(error),
    onGone: () => thread.postMessage({ kind: "gone" }),
    cpuWaitMs,
  });
  gone.promise.then(() => generator.giveUp());
  stop.promise.then(() => generator.stop());
  const outcome = await generator.run();
  thread.postMessage({ kind: "done", encoded: recorder.encode(), outcome });
}
