/** What the throughput mode does: makes a test with a server, and shows what both sides saw. */
import { NetworkError } from "../core/errors.ts";
import { formatQuantity } from "../core/units.ts";
import type { Values } from "../cli/options.ts";
import { checkWritable, writeReports } from "../report/deliver.ts";
import { throughputReports } from "../throughput/formats.ts";
import type { ThroughputResult } from "../throughput/result.ts";
import { giveUp } from "./failed_result.ts";
import type { ModeContext } from "./mode.ts";
import { parametersFor, type throughputOptions } from "./throughput_options.ts";
import { ThroughputRun } from "./throughput_run.ts";

/** Runs the test that the options ask for. Returns the exit code. */
export async function runThroughput(
  context: ModeContext,
  values: Values<typeof throughputOptions>,
): Promise<number> {
  const { requested, insisted } = context.signals();
  const parameters = parametersFor(values, context);
  const { json, report, verify } = values;
  await checkWritable(report);
  const run = new ThroughputRun(context, { json, parameters, stop: requested });
  const testing = values.underLoad ? run.testUnderLoad() : run.test();
  const result = await Promise.race([testing, run.outputFailed, insisted.then(giveUp)])
    .catch((error) => run.failWith(error));
  await run.print(result);
  await writeReports(report, ({ name }) => throughputReports[name]!.render(result));
  if (verify) judge(result);
  return 0;
}

function judge({ directions }: ThroughputResult): void {
  const all = directions.reduce((sum, { corruptBytes = 0 }) => sum + corruptBytes, 0);
  if (all > 0) throw new NetworkError(`${formatQuantity(all, "byte")} arrived corrupt`);
}
