/** What the bench mode does: loads the peer, and delivers what it measured. */
import { SCHEMA_VERSION } from "../report/schema_version.ts";
import { NetworkError } from "../core/errors.ts";
import { loadHistograms } from "../core/histogram.ts";
import { benchLoadFor, type loadOptions } from "../bench/options.ts";
import { type BenchResult, endlessOf } from "../report/result.ts";
import { described } from "../bench/summary.ts";
import type { Exchange } from "../probe/exchange.ts";
import { exchangeOf } from "../probe/exchange_of.ts";
import type { Values } from "../cli/options.ts";
import { formatCount, formatWere } from "../core/units.ts";
import { type deliveryOptions, prepareDelivery } from "../report/deliver.ts";
import { checkDescriptorLimit } from "../net/descriptor_limit.ts";
import { say } from "../terminal/output.ts";
import { Bench } from "./bench_runs.ts";
import { failWith, giveUp } from "./failed_result.ts";
import type { ModeContext } from "./mode.ts";

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
  const { startAt } = values;
  const bench = new Bench(context, { load, histograms, stop: requested, startAt });
  const measuring = values.find
    ? bench.find(values.find)
    : values.underLoad
    ? bench.runBeside()
    : bench.repeat(values.repeat ?? 1);
  const result = await Promise.race([measuring, insisted.then(giveUp)])
    .finally(() => bench.end())
    .catch((error) => failWith(error, { context, json: values.json, schema: SCHEMA_VERSION }));
  await deliver(result, context.output);
  if (bench.failure) throw bench.failure;
  const failure = failureOf(result, await exchangeOf(load));
  if (failure) throw new NetworkError(failure);
  if (result.search && result.interrupted) throw new NetworkError("The search was interrupted");
  return 0;
}

// Why the figures are not those of the right answers.
function failureOf(
  { requests, errors, interrupted, gone }: BenchResult,
  { wrongAnswer, whatIsRight, advice }: Exchange,
): string | undefined {
  const { answered } = requests;
  const wrong = errors[wrongAnswer] ?? 0;
  if (wrong > 0 && answered > 0) {
    const were = answered === 1 ? "was" : "were";
    return `${formatWere(wrong, "answer")} not ${whatIsRight}; ${formatCount(answered)} ${were}`;
  }
  if (wrong > 0) return advice;
  if (answered > 0) return undefined;
  const none = endlessOf(requests) === 0
    ? "none was due in the measured time"
    : gone
    ? "the peer was gone"
    : "no answer in time";
  const [reason = interrupted ? "stopped before an answer was measured" : none] = Object.keys(
    errors,
  );
  return `No request was answered: ${reason}`;
}
