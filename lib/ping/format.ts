/** The output of a ping as text or JSON: a line for each answer, and a summary. */
import {
  type Address,
  formatAddress,
  formatHostPort,
  isInet,
  showAddress,
} from "../net/address.ts";
import type { Clock } from "../core/clock.ts";
import { describeStrays, type StrayCounts } from "../net/strays.ts";
import type { Exchange } from "../probe/exchange.ts";
import type { Part } from "../probe/round_trip.ts";
import type { Reply } from "./pinger.ts";
import type { PingStatistics } from "./statistics.ts";
import { formatCount, formatDuration, formatQuantity, roundMs } from "../core/units.ts";

/** An answer, as it is reported. */
export interface PingAnswer extends Omit<Reply, "sentAt"> {
  /** Who answers. */
  readonly remote: Address;
  /** How long each part took, for a connection of its own. */
  readonly parts?: readonly Part[];
  /** Segments that were sent again since the answer before, where the system tells. */
  readonly retransmits?: number | undefined;
}

/** The result of a ping. */
export interface PingResult {
  readonly address: Address;
  readonly tally: PingStatistics;
  readonly elapsedMs: number;
  /** The median of each part. */
  readonly parts: readonly Part[];
  readonly strays: StrayCounts | undefined;
  /** The median of round trips between the program and itself; absent where none was made. */
  readonly ownMs?: number | undefined;
}

/** Formats the output of a ping. Every text ends in a line end. */
export interface PingFormat {
  start(size: number): string;
  answer(answer: PingAnswer): string;
  lost(number: number, reason: string): string;
  summary(result: PingResult): string;
  /** Says how many lines were not shown, as the output was not read. */
  missed(count: number): string;
}

/** For people, in the words of ping(8). */
export function pingText(
  address: Address,
  { wrongRemark }: Pick<Exchange, "wrongRemark">,
): PingFormat {
  const shown = (each: Address) => isInet(each) ? formatHostPort(each) : showAddress(each);
  return {
    start: (size) => `PING ${showAddress(address)}: ${formatQuantity(size, "byte")}\n`,
    answer(answer) {
      const { number, size, roundTrip, parts = [], remote } = answer;
      const from = shown(remote);
      if (roundTrip === undefined) return `${formatQuantity(size, "byte")} from ${from}: unknown\n`;
      const where = parts.length > 0 ? ` (${partsText(parts)})` : "";
      const what = size > 0 ? `${formatQuantity(size, "byte")} from` : "connected to";
      return `${what} ${from}: seq=${number} ` +
        `time=${milliseconds(roundTrip)} ms${where}${remarks(answer, wrongRemark)}\n`;
    },
    lost: (number, reason) => `no answer from ${shown(address)}: seq=${number} ${reason}\n`,
    summary: (result) => summaryText(result, wrongRemark),
    missed: (count) => `... ${formatQuantity(count, "line")} not shown: the output is not read\n`,
  };
}

/** For programs: one JSON object a line. */
export function pingJson(address: Address, clock: Pick<Clock, "wallTime">): PingFormat {
  const line = (event: string, fields: object) => {
    const time = new Date(clock.wallTime()).toISOString();
    return `${JSON.stringify({ event, time, ...fields })}\n`;
  };
  return {
    start: (size) => line("start", { address: formatAddress(address), size }),
    answer: (answer) => {
      const { number: seq, size, roundTrip, parts, remote, retransmits } = answer;
      const { standing, reordered, intact } = answer;
      const judged = { standing, reordered, intact, ...(retransmits && { retransmits }) };
      const ms = roundTrip === undefined ? {} : { ms: roundMs(roundTrip) };
      const from = formatAddress(remote);
      return line("reply", { seq, from, size, ...ms, ...judged, ...partFields(parts) });
    },
    lost: (seq, reason) => line("lost", { seq, reason }),
    summary: (result) => line("summary", summaryFields(result)),
    missed: (count) => line("missed", { lines: count }),
  };
}

function remarks(
  { standing, reordered, intact, retransmits = 0 }: PingAnswer,
  wrongRemark: string,
): string {
  const all = [
    standing !== "answer" && standing,
    reordered && "out of order",
    !intact && wrongRemark,
    retransmits > 0 && formatQuantity(retransmits, "retransmit"),
  ].filter((remark) => remark !== false);
  return all.length > 0 ? ` (${all.join(", ")})` : "";
}

function summaryText(
  { address, tally, elapsedMs, parts, strays, ownMs }: PingResult,
  wrongRemark: string,
): string {
  const { counts, lost, awaited, roundTrips, jitter } = tally;
  const more = (["late", "corrupt", "duplicated", "reordered", "unknown"] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => [counts[kind], kind === "corrupt" ? wrongRemark.toLowerCase() : kind] as const)
    .map(([count, kind]) => `${formatCount(count)} ${kind}, `).join("");
  const lines = [
    `--- ${showAddress(address)} ping statistics ---`,
    `${formatCount(counts.sent)} sent, ${formatCount(counts.received)} received, ${more}` +
    (awaited < counts.sent ? `${percent(lost, counts.sent - awaited)}% lost, ` : "") +
    (awaited > 0 ? `${formatCount(awaited)} awaited when it was stopped, ` : "") +
    `time ${formatDuration(elapsedMs)}`,
  ];
  if (roundTrips.count > 0) {
    const { min, mean, max, deviation } = roundTrips;
    const percentiles = [50, 95, 99].map((each) => roundTrips.at(each));
    lines.push(
      `rtt min/avg/max/mdev = ${[min, mean, max, deviation].map(milliseconds).join("/")} ms`,
      `rtt p50/p95/p99 = ${percentiles.map(milliseconds).join("/")} ms, ` +
        `jitter ${milliseconds(jitter)} ms (RFC 3550)`,
    );
  }
  if (ownMs !== undefined) {
    lines.push(`rtt p50 of this program to itself = ${milliseconds(ownMs)} ms`);
  }
  const others = describeStrays(strays);
  if (others) lines.push(others);
  if (parts.length > 0) lines.push(`median of each part: ${partsText(parts)}`);
  return `\n${lines.join("\n")}\n`;
}

function summaryFields({ address, tally, elapsedMs, parts, strays, ownMs }: PingResult): object {
  const { counts, lost, awaited, roundTrips, jitter } = tally;
  const { min, mean, max, deviation } = roundTrips;
  const rtt = {
    min,
    mean,
    max,
    mdev: deviation,
    p50: roundTrips.at(50),
    p95: roundTrips.at(95),
    p99: roundTrips.at(99),
    jitter,
  };
  return {
    address: formatAddress(address),
    ...counts,
    lost,
    awaited,
    elapsedMs: roundMs(elapsedMs),
    ...(roundTrips.count > 0 && { rttMs: mapValues(rtt, roundMs) }),
    ...(ownMs !== undefined && { ownMs: roundMs(ownMs) }),
    ...partFields(parts),
    ...(strays && strays.size > 0 && {
      strays: [...strays].map(([from, count]) => ({ from, count })),
    }),
  };
}

function partFields(parts: readonly Part[] = []): object {
  if (parts.length === 0) return {};
  return { partsMs: Object.fromEntries(parts.map(({ name, took }) => [name, roundMs(took)])) };
}

function partsText(parts: readonly Part[]): string {
  return `${parts.map(({ name, took }) => `${name} ${milliseconds(took)}`).join(", ")} ms`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0" : (part / whole * 100).toFixed(3).replace(/\.?0+$/, "");
}

function milliseconds(time: number): string {
  return time.toFixed(3);
}

function mapValues<V, W>(record: Record<string, V>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
