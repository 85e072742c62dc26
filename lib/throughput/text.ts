/** A test for a terminal or a log: a line for each interval, and what it comes to. */
import { formatBitRate, formatDuration, formatQuantity, formatSize } from "../core/units.ts";
import { printableText } from "../terminal/sanitize.ts";
import type { Distribution } from "../report/distribution.ts";
import { describeDatagrams, describeTotal, type StreamResult } from "./totals.ts";
import { describeTest, type DirectionInterval, type ThroughputResult } from "./result.ts";

const COLUMNS = ["p50", "p90", "p99"] as const;

/** What stands above the intervals. */
export function headLine(
  { address, parameters }: Pick<ThroughputResult, "address" | "parameters">,
): string {
  return `Throughput of ${printableText(address)}: ${describeTest(parameters)}\n`;
}

/** The line of an interval; with `named`, it tells its direction. */
export function intervalLine(interval: DirectionInterval, { named }: { named: boolean }): string {
  const { direction, fromMs, toMs, omitted, bytes, bitsPerSecond } = interval;
  const [from, to] = [fromMs, toMs].map((ms) => (ms / 1000).toFixed(2));
  const columns = [
    `${from} to ${to} s`.padStart(16),
    ...(named ? [direction.padEnd(4)] : []),
    formatBitRate(bitsPerSecond).padStart(12),
    formatSize(bytes).padStart(9),
    [...details(interval), ...(omitted ? ["omitted"] : [])].join(", "),
  ];
  return `${columns.join("  ").trimEnd()}\n`;
}

function details(
  { retransmits, tcp, jitterMs, packets, lost, outOfOrder }: DirectionInterval,
): string[] {
  if (jitterMs !== undefined) {
    // In an interval, of the datagrams that are due by their numbers.
    return [describeDatagrams({ packets, lost, outOfOrder, jitterMs })];
  }
  if (!tcp || retransmits === undefined) return [];
  const window = formatSize(tcp.congestionWindow * tcp.segmentBytes);
  return [
    formatQuantity(retransmits, "retransmit"),
    `rtt ${formatDuration(tcp.rttMs)}`,
    `window ${window}`,
  ];
}

/** What stands below the intervals. */
export function summaryText(result: ThroughputResult): string {
  const { streams, directions, warning } = result;
  const each = streams.length > directions.length ? streams : [];
  const rows = [
    ...directions.map((total) => [total.direction, describeTotal(total)] as const),
    ...each.map((stream) => [`stream ${stream.id}`, streamText(stream)] as const),
    ...summaryRows(result),
  ];
  return rows.map(([name, text]) => `${name.padEnd(11)} ${text}\n`).join("") +
    (warning ? `WARNING: ${warning}\n` : "");
}

/** What is known besides of a test, under its names. */
export function summaryRows(result: ThroughputResult): (readonly [name: string, text: string])[] {
  const { elapsedMs, cpu, underLoad, interrupted } = result;
  const use = ({ user, system }: ThroughputResult["cpu"]["client"]) =>
    `${Math.round((user + system) * 100)}% of a core`;
  return [
    ["measured", formatDuration(elapsedMs) + (interrupted ? ", stopped before the end" : "")],
    ["cpu", `client ${use(cpu.client)}, server ${use(cpu.server)}`],
    ...(underLoad
      ? [["idle", roundTrips(underLoad.idle)], [
        "under load",
        roundTrips(underLoad.loaded),
      ]] as const
      : []),
  ];
}

function streamText(stream: StreamResult): string {
  return `${stream.direction}, ${describeTotal(stream)}`;
}

function roundTrips({ percentilesMs, maxMs }: Distribution): string {
  const times = COLUMNS.map((name) => `${name} ${formatDuration(percentilesMs[name])}`);
  return `round trip ${times.join(", ")}, max ${formatDuration(maxMs)}`;
}
