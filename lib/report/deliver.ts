/** A result on its way out: printed, kept in files, compared, and judged by its gates. */
import { type Writer, writeText } from "../core/io.ts";
import { compare } from "./compare.ts";
import { type Condition, parseCondition } from "./conditions.ts";
import { measuring } from "../probe/options.ts";
import { readResult } from "./read.ts";
import type { BenchResult } from "./result.ts";
import { GateError, NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { list, text, type Values } from "../cli/options.ts";
import type { Report } from "./format.ts";
import { reports } from "./formats.ts";

/** A file that a report is written to. */
interface ReportFile {
  readonly path: string;
  readonly report: Report;
}

/** What a result is delivered by. */
export const delivering = {
  json: measuring.json,
  report: list({
    summary: `also write a report to FILE, by its extension: ${extensions()} (repeatable)`,
    placeholder: "FILE",
    read: (path) => [readReport(path)],
  }),
  baseline: text({
    summary: "compare with the result in FILE, from --json; tell changes from noise",
    placeholder: "FILE",
    read: readResult,
  }),
  failIf: list({
    summary: "exit 3 if this is so, as in 'p99>5ms', 'errors>0', 'rate<1000/s' (repeatable)",
    placeholder: "CONDITION",
    read: (text) => [parseCondition(text)],
  }),
};

/**
 * Finds out, before anything is measured, whether the reports can be written.
 *
 * @throws {NetworkError} naming the file that cannot
 */
export async function checkReports(
  { report: files }: Pick<Values<typeof delivering>, "report">,
): Promise<void> {
  for (const { path } of files) {
    try {
      (await Deno.open(path, { write: true, create: true })).close();
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }
}

/**
 * Prints the result and writes the reports.
 *
 * @throws {GateError} naming the gates that did not hold
 * @throws {NetworkError} where a file cannot be written
 */
export async function deliver(
  measured: BenchResult,
  { values, output }: { readonly values: Values<typeof delivering>; readonly output: Writer },
): Promise<void> {
  const { json, report: files, baseline, failIf } = values;
  const result = baseline ? { ...measured, comparison: compare(measured, baseline) } : measured;
  const shown = reports.find(({ name }) => name === (json ? "json" : "text"))!;
  await writeText(output, shown.render(result));
  const writing = files.map(({ path, report }) => write(path, report.render(result)));
  const failed = (await Promise.allSettled(writing)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  const broken = failIf.filter((gate) => breaks(gate, result));
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
