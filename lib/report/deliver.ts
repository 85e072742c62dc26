/** A result on its way out: printed, kept in files, compared, and judged by its gates. */
import { type Writer, writeText } from "../core/io.ts";
import { compare } from "./compare.ts";
import { rejectDifferentLoads, unlike } from "./likeness.ts";
import { type Condition, parseCondition } from "./conditions.ts";
import { measureOptions } from "../probe/options.ts";
import { parseResult, readResultFile } from "./read.ts";
import type { BenchResult } from "./result.ts";
import { GateError, NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { list, text, type Values } from "../cli/options.ts";
import type { Report } from "./format.ts";
import { reports } from "./formats.ts";

/** A file that a report is written to. */
export interface ReportFile {
  readonly path: string;
  readonly report: Report;
}

/** What a result is delivered by. */
export const deliveryOptions = {
  json: measureOptions.json,
  report: list({
    summary: `also write a report to FILE, by its extension: ${extensions()} (repeatable)`,
    placeholder: "FILE",
    read: (path) => [readReport(path)],
  }),
  baseline: text({
    summary: "compare with the result in FILE, from --json, telling changes from noise",
    placeholder: "FILE",
    read: readResultFile,
  }),
  failIf: list({
    summary: "exit 3 if this holds, as in 'p99>5ms', 'errors>0', 'rate<1000/s' (repeatable)",
    placeholder: "CONDITION",
    read: (text) => [parseCondition(text)],
  }),
};

/** Delivers a result: prints it, writes its reports, compares and judges it. */
export type Deliver = (result: BenchResult, output: Writer) => Promise<void>;

/**
 * Finds out, before the `load` is measured, whether a result can be delivered as it is asked. The
 * returned function rejects with a `GateError` naming the conditions of --fail-if that held or could not be judged, or with a
 * `NetworkError` where a file cannot be written.
 *
 * @throws {UsageError} where the baseline is no result, or of another kind of load
 * @throws {NetworkError} naming the file that cannot be written
 */
export async function prepareDelivery(
  values: Values<typeof deliveryOptions>,
  load?: BenchResult["load"],
): Promise<Deliver> {
  const { report: files, baseline: file } = values;
  const baseline = file && await parseResult(file);
  if (baseline && load) rejectDifferentLoads([baseline, { load }], "compare");
  await checkWritable(files);
  return async (measured, output) => {
    const result = baseline
      ? {
        ...measured,
        comparison: compare(measured, baseline),
        unlike: unlike(measured, baseline),
      }
      : measured;
    await print(result, { values, output });
    judge(result, values.failIf);
  };
}

/**
 * Finds out whether files can be written; those that are not there yet are not there afterwards.
 *
 * @throws {NetworkError} naming the one that cannot
 */
export async function checkWritable(files: readonly ReportFile[]): Promise<void> {
  for (const { path } of files) {
    try {
      await tryWriting(path);
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }
}

async function tryWriting(path: string): Promise<void> {
  try {
    (await Deno.open(path, { write: true, createNew: true })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return (await Deno.open(path, { write: true })).close();
  }
  await Deno.remove(path);
}

/**
 * Writes the report of each file.
 *
 * @throws {NetworkError} naming a file that cannot be written
 */
export async function writeReports(
  files: readonly ReportFile[],
  render: (report: Report) => string | Promise<string>,
): Promise<void> {
  const writing = files.map(async ({ path, report }) => write(path, await render(report)));
  const failed = (await Promise.allSettled(writing)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

async function print(
  result: BenchResult,
  { values: { json, report: files }, output }: {
    readonly values: Values<typeof deliveryOptions>;
    readonly output: Writer;
  },
): Promise<void> {
  const shown = reports.find(({ name }) => name === (json ? "json" : "text"))!;
  await writeText(output, await shown.render(result));
  await writeReports(files, (report) => report.render(result));
}

// A result without an answer has failed already, whatever its gates are.
function judge(result: BenchResult, gates: readonly Condition[]): void {
  if (result.requests.answered === 0) return;
  const broken = gates.filter((gate) => breaks(gate, result));
  if (broken.length === 0) return;
  const reasons = broken.map((gate) => `${gate.text}: ${gate.describe(result)}`);
  throw new GateError(`Gate failed: ${reasons.join("; ")}`);
}

// What cannot be said of a result is no reason to let it pass.
function breaks(gate: Condition, result: BenchResult): boolean {
  return gate.holds(result) || Number.isNaN(gate.value(result));
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): NetworkError {
  return new NetworkError(`Cannot write ${path}: ${explain(error)}`, { cause: error });
}

function readReport(path: string): ReportFile {
  const report = reports.find(({ extension }) => path.toLowerCase().endsWith(`.${extension}`));
  if (report) return { path, report };
  throw new UsageError(`a file that ends in ${extensions()} is needed, not "${path}"`);
}

function extensions(): string {
  return reports.map(({ extension }) => `.${extension}`).join(", ");
}
