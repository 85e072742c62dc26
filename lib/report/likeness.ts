/** Whether results are of loads that are alike. */
import { UsageError } from "../core/errors.ts";
import { formatDuration } from "../core/units.ts";
import type { BenchResult } from "./result.ts";

/** The settings in which two results are unlike, such as `connections 50, now 100`. */
export function unlike(now: BenchResult, before: BenchResult): string[] {
  const settings = ({ address, netecho, environment, load }: BenchResult) => ({
    address: load.self ? undefined : address, // a port of its own each time
    netecho,
    ...environment,
    ...load,
    // Earlier results have one of 24 days beside a number of requests.
    duration: load.requests === undefined ? formatDuration(load.duration ?? 0) : undefined,
    slice: formatDuration(load.slice),
  });
  const [old, own] = [settings(before), settings(now)] as Record<string, unknown>[];
  const names = new Set([...Object.keys(old!), ...Object.keys(own!)]);
  const told = (value: unknown) => {
    if (value === undefined) return "none";
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  return [...names].filter((name) => told(old![name]) !== told(own![name]))
    .map((name) => `${name} ${told(old![name])}, now ${told(own![name])}`);
}

/** Refuses results of different kinds of load, such as a closed and an open loop. */
export function rejectDifferentLoads(
  [first, ...others]: readonly Pick<BenchResult, "load">[],
  what: "compare" | "merge",
): void {
  const kind = ({ load: { rate, connect, size, exchanges } }: Pick<BenchResult, "load">) => {
    const asked = exchanges ? `, asking ${JSON.stringify(exchanges)}` : "";
    return `${rate === undefined ? "closed" : "open"} loop, ${size} bytes` +
      `${connect ? ", --connect" : ""}${asked}`;
  };
  const other = others.find((result) => kind(result) !== kind(first!));
  if (!other) return;
  throw new UsageError(`Cannot ${what} different loads: ${kind(first!)}, and ${kind(other)}`);
}
