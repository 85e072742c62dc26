/** The page of a test. */
import { formatBitRate, formatCount, formatDuration } from "../core/units.ts";
import {
  chart,
  definitions,
  escaped,
  figureBoxes,
  htmlDocument,
  section,
  table,
} from "../report/html/document.ts";
import script from "./charts.js" with { type: "text" };
import { describeTest, type ThroughputResult } from "./result.ts";
import { summaryRows } from "./text.ts";
import { describeTotal } from "./totals.ts";

/** The result as one page that needs no other file. */
export function renderThroughput(result: ThroughputResult): string {
  const { address, started, parameters, directions, streams, warning } = result;
  return htmlDocument({
    title: `netecho: throughput of ${address}`,
    body: [
      `<h1>Throughput of ${escaped(address)}</h1>`,
      `<p>${escaped(describeTest(parameters))}; ${escaped(started)}</p>`,
      figureBoxes(figures(result)),
      ...(warning ? [`<section class="warning">${escaped(warning)}</section>`] : []),
      chart("rate", "Rate over time, as the client saw it"),
      ...(hasTrouble(result) ? [chart("trouble", "Retransmits and losses")] : []),
      ...(streams.length > directions.length ? [section("Streams", streamTable(result))] : []),
      section("Measurement", details(result)),
    ],
    script,
    data: result,
  });
}

function hasTrouble({ intervals }: ThroughputResult): boolean {
  return intervals.some(({ retransmits = 0, lost, direction }) =>
    retransmits > 0 || (direction === "down" && lost > 0)
  );
}

function figures({ directions }: ThroughputResult): Record<string, string> {
  const figures = new Map<string, string>();
  for (const { direction, receivedBitsPerSecond, retransmits, datagrams } of directions) {
    figures.set(direction, formatBitRate(receivedBitsPerSecond));
    if (retransmits !== undefined) {
      figures.set(`retransmits ${direction}`, formatCount(retransmits));
    }
    if (!datagrams) continue;
    figures.set(`lost ${direction}`, formatCount(datagrams.lost));
    figures.set(`jitter ${direction}`, formatDuration(datagrams.jitterMs));
  }
  return Object.fromEntries(figures);
}

function streamTable({ streams }: ThroughputResult): string {
  return table(
    streams.map((stream) => [String(stream.id), stream.direction, describeTotal(stream)]),
  );
}

function details(result: ThroughputResult): string {
  const { command, netecho, environment: { os, arch, cpus, deno } } = result;
  const rows = summaryRows(result).map(([name, text]) => [name, escaped(text)] as const);
  return definitions({
    command: `<code>${escaped(command)}</code>`,
    ...Object.fromEntries(rows),
    client: escaped(`netecho ${netecho}, Deno ${deno}, ${os} ${arch}, ${cpus} CPUs`),
  });
}
