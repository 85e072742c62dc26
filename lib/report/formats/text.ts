/** The result for a terminal or a log. */
import {
  describeComparison,
  describeConnections,
  describeCpu,
  describeLateness,
  describeLoad,
  describeNetwork,
  describeRequests,
  describeSearch,
  describeTrials,
  describeUnlike,
  describeUnsent,
  distributionsOf,
} from "../describe.ts";
import { type Distribution, ENDLESS_MS } from "../distribution.ts";
import { type BenchResult, endlessOf } from "../result.ts";
import { printableText } from "../../terminal/sanitize.ts";
import { formatByteRate, formatCount, formatDuration, formatFigures } from "../../core/units.ts";
import type { Report } from "../format.ts";

const COLUMNS = ["p50", "p90", "p99", "p99.9"] as const;
const MIN_FOR_PERCENT = 20; // requests
const MAX_BAR_COLUMNS = 40; // columns of the longest bar
const MIN_BAR_SHARE = 0.0005; // of all: what is rarer has no bar

/** The text report. */
export const text: Report = {
  name: "text",
  summary: "percentiles, bars, rates and errors",
  extension: "txt",
  render(result) {
    const sections = [
      head(result),
      numbers(result),
      latency(result),
      bars(result.latency),
      ...(result.search ? [search(result.search, result)] : []),
      comparison(result),
      client(result),
    ];
    return `${
      sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")
    }\n`;
  },
};

function head(result: BenchResult): string[] {
  return [`Load on ${printableText(result.address)}: ${describeLoad(result)}`];
}

function numbers(result: BenchResult): string[] {
  const { errors, rate, load } = result;
  return [
    row("requests", describeRequests(result)),
    row("rate", `${formatFigures(rate)}/s${target(result)}`),
    ...(load.exchanges ? [] : [row("throughput", `${formatByteRate(rate * load.size)} each way`)]),
    ...connections(result),
    ...Object.entries(errors).map(([kind, count]) =>
      row("error", `${formatCount(count)} x ${printableText(kind)}`)
    ),
    ...describeUnsent(result).map((line, index) => row(index === 0 ? "unsent" : "", line)),
  ];
}

function connections(result: BenchResult): string[] {
  const [line, network] = [describeConnections(result), describeNetwork(result)];
  return [
    ...(line === undefined ? [] : [row("connections", line)]),
    ...(network === undefined ? [] : [row("tcp", network)]),
  ];
}

function target({ load: { rate: wanted }, rate, elapsedMs }: BenchResult): string {
  if (wanted === undefined) return "";
  const asked = ` of ${formatFigures(wanted)}/s that were asked for`;
  // Of a few requests, one more or less is many percent.
  const few = wanted * elapsedMs / 1000 < MIN_FOR_PERCENT;
  return few ? asked : `${asked} (${(rate / wanted * 100).toFixed(1)}%)`;
}

function latency(result: BenchResult): string[] {
  const rows = distributionsOf(result);
  if (rows.length === 0) return ["nothing was answered: there is no latency"];
  const lines = [
    row("ms", [...COLUMNS, "max", "mean", "stddev"].map((name) => name.padStart(9)).join("")),
    ...rows.map(([name, distribution]) => row(name, cells(distribution))),
  ];
  const { underLoad, parts, requests } = result;
  if (parts && endlessOf(requests) > 0) {
    lines.push(
      row("", `the parts are of the ${formatCount(requests.answered)} that were answered`),
    );
  }
  if (!underLoad) return lines;
  if (!underLoad.loaded) {
    return [...lines, row("loaded", "not measured: INTERRUPTED before the load")];
  }
  const [idle, loaded] = [underLoad.idle.percentilesMs, underLoad.loaded.percentilesMs];
  const more = COLUMNS.map((name) =>
    milliseconds(loaded[name] === ENDLESS_MS ? ENDLESS_MS : loaded[name] - idle[name])
  );
  return [...lines, row("difference", more.join(""))];
}

function cells({ percentilesMs, maxMs, meanMs, deviationMs }: Distribution): string {
  return [...COLUMNS.map((name) => percentilesMs[name]), maxMs, meanMs, deviationMs]
    .map(milliseconds).join("");
}

function milliseconds(time: number): string {
  if (time === ENDLESS_MS) return "endless".padStart(9);
  return (Math.abs(time) < 100 ? time.toFixed(3) : time.toFixed(1)).padStart(9);
}

function bars({ bars, count }: Distribution): string[] {
  const shown = bars.filter(([, , some]) => some / count >= MIN_BAR_SHARE);
  const most = Math.max(...shown.map(([, , some]) => some));
  return shown.map(([above, upTo, some]) => {
    const bar = "█".repeat(Math.max(1, Math.round(some / most * MAX_BAR_COLUMNS)));
    const share = `${(some / count * 100).toFixed(1)}%`;
    return `${`${above} to ${upTo} ms`.padStart(20)} ${share.padStart(6)} ${bar}`;
  });
}

function search(search: NonNullable<BenchResult["search"]>, result: BenchResult): string[] {
  return [
    ...describeTrials(search).map(([target, what]) => row(target, what)),
    printableText(describeSearch(search, result)),
  ];
}

function comparison(result: BenchResult): string[] {
  const { comparison: all } = result;
  if (!all) return [];
  return [
    "Compared with the baseline",
    ...all.map((one) => row(one.name, describeComparison(one))),
    ...describeUnlike(result).map(printableText),
  ];
}

function client(result: BenchResult): string[] {
  const { resolutionMs, warning } = result.instrument;
  const { p50, p99, max } = result.instrument.latenessMs;
  const late = [p50, p99, max].map(formatDuration);
  return [
    row("client", `${describeCpu(result)}; clock in steps of ${Math.round(resolutionMs * 1e6)} ns`),
    ...(max > 0
      ? [
        row("", `${describeLateness(result)} ${late[0]} at p50,`),
        row("", `${late[1]} at p99, ${late[2]} at most`),
      ]
      : []),
    ...(warning ? [`WARNING: ${printableText(warning)}`] : []),
  ];
}

function row(name: string, text: string): string {
  return `${name.padEnd(11)} ${text}`;
}
