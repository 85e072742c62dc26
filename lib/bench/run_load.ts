/** A load run in this thread, or spread over workers. */
import { cpuWaitMs, measureCpu } from "../core/cpu.ts";
import { exchangeOf } from "../probe/exchange_of.ts";
import { Generator } from "./generator.ts";
import { PromptClock } from "../probe/prompt_clock.ts";
import { Recorder } from "./recorder.ts";
import type { Slice } from "../report/result.ts";
import { type LoadRecord, type Measurement, sliceOf } from "./measurement.ts";
import { dialerOf, type LoadContext } from "./load_context.ts";

/**
 * Runs a load.
 *
 * @throws {NetworkError} where not one connection can be made
 */
export async function runLoad(running: LoadContext): Promise<Measurement> {
  const { clock, load: { workers } } = running;
  let cpuUse: ReturnType<typeof measureCpu> | undefined;
  let cpu = 0;
  const timeline: Slice[] = [];
  const onSlice = (slice: Slice) => {
    timeline.push(slice);
    running.onSlice(slice);
  };
  // Each worker calls them.
  const onMeasuring = () => {
    cpuUse ??= measureCpu(clock);
    running.onMeasuring?.();
  };
  const onMeasured = () => {
    const { user, system } = cpuUse!();
    cpu = user + system;
    running.onMeasured?.();
  };
  const watched = { ...running, onSlice, onMeasuring, onMeasured };
  const measured = workers > 1 || running.offMainThread
    ? await (await import("./workers.ts")).runWorkers(watched)
    : await runHere(watched);
  return { ...measured, timeline, cpu, isAlone: !running.offMainThread };
}

async function runHere(
  { target, load, histograms, onSlice, stop, begin, onMeasuring, onMeasured }: LoadContext,
): Promise<LoadRecord> {
  using clock = new PromptClock();
  const recorder = new Recorder(histograms, load);
  const generator = new Generator({
    load,
    exchange: await exchangeOf(load),
    clock,
    recorder,
    dial: dialerOf(target, load),
    onSlice: (slice) => onSlice(sliceOf(slice)),
    ready: begin,
    onMeasuring,
    onMeasured,
    cpuWaitMs,
  });
  stop.then(() => generator.stop());
  return { recorder, ...await generator.run() };
}
