/** The page of the HTML report. */
import {
  describeComparison,
  describeConnections,
  describeCpu,
  describeLatency,
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
import { ENDLESS_MS, type PercentileName, PERCENTILES } from "../distribution.ts";
import type { BenchResult } from "../result.ts";
import { formatByteRate, formatCount, formatDuration, formatFigures } from "../../core/units.ts";
import {
  chart,
  definitions,
  escaped,
  figureBoxes,
  htmlDocument,
  section,
  table,
} from "./document.ts";
import script from "./load_charts.js" with { type: "text" };

const SHOWN = PERCENTILES.slice(0, -1);

/** The result as one page that needs no other file. */
export function renderPage(result: BenchResult): string {
  return htmlDocument({
    title: `netecho: ${result.address}`,
    body: [
      head(result),
      figures(result),
      warnings(result),
      chart("latency", "Latency over time"),
      chart("percentiles", "Latency by percentile"),
      chart("throughput", "Throughput"),
      section("Latency in ms", latencies(result)),
      ...(result.search ? [section("Search", search(result.search, result))] : []),
      ...(result.comparison ? [section("Compared with the baseline", comparison(result))] : []),
      section("Measurement", details(result)),
    ],
    script,
    data: result,
  });
}

function head(result: BenchResult): string {
  const { address, started } = result;
  return `<h1>Load on ${escaped(address)}</h1>
<p>${escaped(describeLoad(result))}</p>
<p>${escaped(describeRequests(result))}; ${escaped(started)}</p>`;
}

function figures({ rate, load, latency, requests }: BenchResult): string {
  const { percentilesMs, count } = latency;
  const time = (name: PercentileName) => count > 0 ? describeLatency(percentilesMs[name]) : "none";
  return figureBoxes({
    "answers a second": formatFigures(rate),
    ...(!load.exchanges && { "each way": formatByteRate(rate * load.size) }),
    p50: time("p50"),
    p99: time("p99"),
    "p99.9": time("p99.9"),
    answered: formatCount(requests.answered),
    failed: formatCount(requests.failed + requests.unanswered),
  });
}

function warnings(result: BenchResult): string {
  const { instrument: { warning }, errors } = result;
  const all = [
    ...(warning ? [warning] : []),
    ...describeUnsent(result),
    ...Object.entries(errors).map(([kind, count]) => `${formatCount(count)} x ${kind}`),
  ];
  return all.map((line) => `<section class="warning">${escaped(line)}</section>`).join("\n");
}

function latencies(result: BenchResult): string {
  const names = ["", "min", ...SHOWN, "max", "mean", "stddev"];
  const rows = distributionsOf(result).map(([name, distribution]) => {
    const { minMs, maxMs, meanMs, deviationMs, percentilesMs } = distribution;
    const percentiles = SHOWN.map((percentile) => percentilesMs[percentile] ?? 0);
    const cells = [minMs, ...percentiles, maxMs, meanMs, deviationMs];
    return [name, ...cells.map((ms) => ms === ENDLESS_MS ? "endless" : ms.toFixed(3))];
  });
  return table([names, ...rows]);
}

function search(search: NonNullable<BenchResult["search"]>, result: BenchResult): string {
  return `<p>${escaped(describeSearch(search, result))}</p>${table(describeTrials(search))}`;
}

function comparison(result: BenchResult): string {
  const rows = (result.comparison ?? []).map((one) => [one.name, describeComparison(one)]);
  const lines = describeUnlike(result).map((line) => `<p>${escaped(line)}</p>`);
  return table(rows) + lines.join("");
}

function details(result: BenchResult): string {
  const { command, netecho, environment, elapsedMs, instrument } = result;
  const [connections, network] = [describeConnections(result), describeNetwork(result)];
  const { os, arch, cpus, deno } = environment;
  const { resolutionMs, latenessMs: { p50, p99, max } } = instrument;
  const late = [p50, p99, max].map(formatDuration);
  return definitions({
    command: `<code>${escaped(command)}</code>`,
    measured: formatDuration(elapsedMs),
    ...(connections && { connections: escaped(connections) }),
    ...(network && { tcp: escaped(network) }),
    client: escaped(
      `netecho ${netecho}, Deno ${deno}, ${os} ${arch}, ${cpus} CPUs; ${describeCpu(result)}`,
    ),
    [describeLateness(result)]: `${late[0]} at p50, ${late[1]} at p99, ${late[2]} at most`,
    clock: `in steps of ${Math.round(resolutionMs * 1e6)} ns`,
  });
}
