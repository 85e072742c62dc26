/** What every report says of a result, in the same words. */
import { formatCount, formatFigures, formatMany } from "../units.ts";
import type { Distribution } from "./distribution.ts";
import type { BenchResult, Compared } from "./result.ts";

/** The load, in a line. */
export function describeLoad({ load, machines }: BenchResult): string {
  const { connections, size, pipeline, rate, connect, workers, self } = load;
  const parts = [
    formatMany(connections, "connection"),
    formatMany(size, "byte"),
    pipeline > 1 && `pipeline ${formatCount(pipeline)}`,
    connect && "a new connection for each message",
    workers > 1 && formatMany(workers, "worker"),
    self && "the peer in the same program",
    machines && `${formatMany(machines, "result")} merged`,
    rate === undefined ? "closed loop" : `open loop at ${formatFigures(rate)}/s`,
  ];
  return parts.filter((part) => part).join(", ");
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
export function describeComparison({ name, before, now, verdict }: Compared): string {
  const change = `${now >= before ? "+" : ""}${((now / before - 1) * 100).toFixed(1)}%`;
  const unit = name === "rate" ? "/s" : " ms";
  const figures = `${formatFigures(before)} to ${formatFigures(now)}${unit}, ${change}`;
  const judged = { changed: "changed", noise: "noise", unknown: "too little to tell" };
  return `${figures}: ${judged[verdict]}`;
}

/** A trial of a search. */
export function describeTrial(
  { rate, held, value }: NonNullable<BenchResult["search"]>["trials"][number],
): string {
  const found = value === undefined ? "no answer" : formatFigures(value);
  return `${held ? "held" : "broken"}: ${found}, ${formatFigures(rate)}/s answered`;
}
