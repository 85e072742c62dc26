/** The page of the HTML report. */
import script from "uplot/script" with { type: "text" };
import style from "uplot/style" with { type: "text" };
import {
  describeComparison,
  describeConnections,
  describeLatency,
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
import palette from "./palette.css" with { type: "text" };
import pageScript from "./script.js" with { type: "text" };
import pageStyle from "./style.css" with { type: "text" };

const SHOWN = PERCENTILES.slice(0, -1);

// Nothing is loaded, whoever wrote the strings in it.
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

/** The result as one page that needs no other file. */
export function renderPage(result: BenchResult): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>netecho: ${text(result.address)}</title>
<style>${style}${palette}${pageStyle}</style>
</head>
<body>
${head(result)}
${figures(result)}
${warnings(result)}
${chart("latency", "Latency over time")}
${chart("percentiles", "Latency by percentile")}
${chart("throughput", "Throughput")}
${section("Latency in ms", latencies(result))}
${result.search ? section("Search", search(result.search, result)) : ""}
${result.comparison ? section("Compared with the baseline", comparison(result)) : ""}
${section("Measurement", details(result))}
<script type="application/json" id="result">${data(result)}</script>
<script>${script}
${pageScript}</script>
</body>
</html>
`;
}

function head(result: BenchResult): string {
  const { address, started } = result;
  return `<h1>Load on ${text(address)}</h1>
<p>${text(describeLoad(result))}</p>
<p>${text(describeRequests(result))}; ${text(started)}</p>`;
}

function figures({ rate, load, latency, requests }: BenchResult): string {
  const { percentilesMs, count } = latency;
  const time = (name: PercentileName) => count > 0 ? describeLatency(percentilesMs[name]) : "none";
  const all: Record<string, string> = {
    "answers a second": formatFigures(rate),
    ...(!load.exchanges && { "each way": formatByteRate(rate * load.size) }),
    p50: time("p50"),
    p99: time("p99"),
    "p99.9": time("p99.9"),
    answered: formatCount(requests.answered),
    failed: formatCount(requests.failed + requests.unanswered),
  };
  const boxes = Object.entries(all).map(([name, value]) =>
    `<div><b>${value}</b><span>${name}</span></div>`
  );
  return `<div class="figures">${boxes.join("")}</div>`;
}

function warnings(result: BenchResult): string {
  const { instrument: { warning }, errors } = result;
  const all = [
    ...(warning ? [warning] : []),
    ...describeUnsent(result),
    ...Object.entries(errors).map(([kind, count]) => `${formatCount(count)} x ${kind}`),
  ];
  return all.map((line) => `<section class="warning">${text(line)}</section>`).join("\n");
}

function chart(id: string, title: string): string {
  return section(title, `<div class="chart" id="${id}"></div>`);
}

function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`;
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
  return `<p>${text(describeSearch(search, result))}</p>${table(describeTrials(search))}`;
}

function comparison(result: BenchResult): string {
  const rows = (result.comparison ?? []).map((one) => [one.name, describeComparison(one)]);
  const lines = describeUnlike(result).map((line) => `<p>${text(line)}</p>`);
  return table(rows) + lines.join("");
}

function details(result: BenchResult): string {
  const { command, netecho, environment, elapsedMs, instrument, load } = result;
  const [connections, network] = [describeConnections(result), describeNetwork(result)];
  const { os, arch, cpus, deno } = environment;
  const { cpu, resolutionMs, latenessMs: { p50 = 0, p99 = 0, max = 0 } } = instrument;
  const late = [p50, p99, max].map(formatDuration);
  const all: Record<string, string> = {
    command: `<code>${text(command)}</code>`,
    measured: formatDuration(elapsedMs),
    ...(connections && { connections: text(connections) }),
    ...(network && { tcp: text(network) }),
    client: text(`netecho ${netecho}, Deno ${deno}, ${os} ${arch}, ${cpus} CPUs; ${cpu} of a core`),
    [load.rate === undefined ? "an answer waited" : "sent late by"]: `${late[0]} at p50, ${
      late[1]
    } at p99, ${late[2]} at most`,
    clock: `in steps of ${Math.round(resolutionMs * 1e6)} ns`,
  };
  const rows = Object.entries(all).map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`);
  return `<dl>${rows.join("")}</dl>`;
}

function table(rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<td>${text(cell)}</td>`).join("")}</tr>`;
  return `<div class="scroll"><table>${rows.map(row).join("")}</table></div>`;
}

function text(raw: string): string {
  return raw.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

// Nothing in a string may end the script that it stands in.
function data(result: BenchResult): string {
  return JSON.stringify(result).replaceAll("<", "\\u003c");
}
