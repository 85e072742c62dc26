/** What every report says of a result, in the same words. */
import { describeTcpTotals } from "../net/tcp_info.ts";
import {
  formatCount,
  formatDuration,
  formatFigures,
  formatQuantity,
  formatWere,
} from "../core/units.ts";
import { type Distribution, ENDLESS_MS } from "./distribution.ts";
import { isHeld } from "./load.ts";
import type { BenchResult, Comparison, Search } from "./result.ts";

/** The load, in a line. */
export function describeLoad(
  { load, connections, machines, runs, interrupted }: BenchResult,
): string {
  const { size, pipeline, rate, connect, workers, self, exchanges } = load;
  const unused = connections && connections.used < load.connections;
  const parts = [
    (unused ? `${formatCount(connections.used)} of ` : "") +
    formatQuantity(load.connections, "connection"),
    exchanges ? describeExchanges(exchanges, size) : formatQuantity(size, "byte"),
    pipeline > 1 && `pipeline ${formatCount(pipeline)}`,
    connect && "a new connection for each message",
    workers > 1 && formatQuantity(workers, "worker"),
    self && "the peer in the same program",
    machines && `${formatQuantity(machines, "result")} merged`,
    runs && formatQuantity(runs.length, "run") + (interrupted ? " and a part of another" : ""),
    rate === undefined ? "closed loop" : `open loop at ${formatFigures(rate)}/s`,
  ];
  return parts.filter((part) => part).join(", ");
}

function describeExchanges({ length }: { readonly length: number }, size: number): string {
  const requests = length === 1 ? "requests" : `${formatCount(length)} kinds of request`;
  return `${requests} of ${length === 1 ? "" : "at most "}${formatQuantity(size, "byte")}`;
}

/** Its distributions, by name, those alone that have something in them. */
export function distributionsOf(
  { latency, uncorrected, parts, underLoad }: BenchResult,
): [string, Distribution][] {
  const named = {
    ...(uncorrected ? { corrected: latency, uncorrected } : { latency }),
    ...parts,
    ...underLoad,
  };
  return Object.entries(named).filter(([, { count }]) => count > 0);
}

/** A figure of two results, and whether its change means anything. */
export function describeComparison({ name, before, now, verdict }: Comparison): string {
  const told = (value: number) => {
    if (name === "failed") return `${formatFigures(value * 100)}%`;
    return value === ENDLESS_MS
      ? "endless"
      : `${formatFigures(value)}${name === "rate" ? "/s" : " ms"}`;
  };
  const percent = (now / before - 1) * 100;
  const change = [before, now].every((value) => value > 0 && value < ENDLESS_MS)
    ? `, ${percent >= 0 ? "+" : ""}${percent.toFixed(1)}%`
    : "";
  const judged = {
    changed: "changed",
    noise: "noise",
    unknown: "too little to tell; use --repeat 5, or more, in both",
  };
  return `${told(before)} to ${told(now)}${change}: ${judged[verdict]}`;
}

/** What a comparison cannot account for, a line each. */
export function describeUnlike({ unlike = [] }: BenchResult): string[] {
  return unlike.length > 0 ? [`unlike: ${unlike.join("; ")}`] : [];
}

/** The trials of a search: the rate, and what came of it. */
export function describeTrials({ condition, trials }: Search): [string, string][] {
  const write = /^[pm]/.test(condition) ? formatDuration : formatFigures; // a latency, or a count
  return trials.map(({ target, rate, held, value }) => {
    const none = rate === 0
      ? "no answer"
      : "endless, as some failed, or was never sent or answered";
    const found = value === undefined ? none : write(value);
    const what = `${held ? "held" : "broken"}: ${found}, ${formatFigures(rate)}/s answered`;
    return [`${formatFigures(target)}/s`, what];
  });
}

/** What a search has come to. */
export function describeSearch(
  { condition, trials, highest }: Search,
  { interrupted }: Pick<BenchResult, "interrupted">,
): string {
  const cut = interrupted
    ? `INTERRUPTED after ${formatQuantity(trials.length, "trial")}; so far `
    : "";
  if (highest === undefined) return `${cut}no rate held ${condition}`;
  const most = trials.every(({ held }) => held) ? "; nothing that was tried broke it" : "";
  return `${cut}highest rate that held ${condition}: ${formatFigures(highest)}/s${most}`;
}

/** What became of the requests, in a line. */
export function describeRequests({ requests, elapsedMs, interrupted }: BenchResult): string {
  const { answered, answeredAfter: after = 0, failed, unanswered } = requests;
  const parts = [
    `${formatCount(answered)} answered`,
    after > 0 && `${formatCount(after)} of them after the end`,
    failed > 0 && `${formatCount(failed)} failed`,
    unanswered > 0 && `${formatCount(unanswered)} never answered`,
    `in ${formatDuration(elapsedMs)}`,
    interrupted && "INTERRUPTED",
  ];
  return parts.filter((part) => part).join(", ");
}

/** How the connections fared, in a line; undefined where there is nothing to say. */
export function describeConnections({ connections, load }: BenchResult): string | undefined {
  if (!connections) return undefined;
  const { used, leastAnswers, mostAnswers, reconnects } = connections;
  if (load.connections === 1 && reconnects === 0) return undefined;
  const each = leastAnswers === mostAnswers
    ? formatCount(mostAnswers)
    : `${formatCount(leastAnswers)} to ${formatCount(mostAnswers)}`;
  const parts = [
    `${formatCount(used)} of ${formatCount(load.connections)} were answered`,
    `${each} times each`,
    reconnects > 0 && `${formatQuantity(reconnects, "time")} made again`,
  ];
  return parts.filter((part) => part).join(", ");
}

/** What the system knew of the network, in a line; undefined where it told nothing. */
export function describeNetwork({ connections }: BenchResult): string | undefined {
  return connections?.tcp && describeTcpTotals(connections.tcp);
}

/** The CPU time of the client; an open loop takes all that is there, to be on time. */
export function describeCpu({ instrument: { cpu }, load, rate, underLoad }: BenchResult): string {
  const each = load.rate === undefined && rate > 0 && !underLoad
    ? `, ${formatDuration(cpu * 1000 / rate)} for each request`
    : "";
  return `${cpu} of a core${each}`;
}

/** What the client's own lateness is, before the figures. */
export function describeLateness({ load }: BenchResult): string {
  return load.rate === undefined ? "a turn of its event loop took" : "requests left late by";
}

/** A latency, or that there is no end to it. */
export function describeLatency(ms: number): string {
  return ms === ENDLESS_MS ? "endless" : formatDuration(ms);
}

/** Whether the rate was held, where it was not, and what that means. */
export function describeUnsent(
  { requests: { unsent }, rate, load, interrupted, gone }: BenchResult,
): string[] {
  const rest = interrupted && load.requests !== undefined
    ? [`the rest of ${formatQuantity(load.requests, "request")}, as it was interrupted`]
    : [];
  if (unsent === 0) return rest;
  const were = formatWere(unsent, "request");
  if (gone || load.rate === undefined) return [`${were} never sent: the peer was gone`];
  const line = `${were} due and not sent: no connection had room`;
  const held = isHeld(rate, { target: load.rate });
  return [held ? line : `THE RATE WAS NOT HELD. ${line}`, ...rest];
}
