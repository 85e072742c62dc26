/** The result of a test as plain data, that reports render and other programs read. */
import type { Distribution } from "../report/distribution.ts";
import type { RunInfo } from "../report/result.ts";
import type { TcpInfo } from "../net/tcp_info.ts";
import { addCounts, type StreamCounts } from "./data_stream.ts";
import type { TestParameters } from "./parameters.ts";
import type { CpuUse } from "../core/cpu.ts";
import type { Direction, DirectionTotal, StreamResult } from "./totals.ts";
import { formatDuration, formatQuantity, formatSize } from "../core/units.ts";
import type { Interval } from "./measurement.ts";

/** What identifies the form of a result; the number changes where a reader has to. */
export const THROUGHPUT_SCHEMA = "netecho-throughput/1";

/** A part of a test in one direction, all streams together, as this side saw it. */
export interface DirectionInterval extends StreamCounts {
  readonly direction: Direction;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether it was before the measurement (`--omit`). */
  readonly omitted: boolean;
  readonly bitsPerSecond: number;
  /** Of a sender, where the system tells. */
  readonly retransmits?: number | undefined;
  /** Of the first stream of a sender. */
  readonly tcp?: TcpInfo | undefined;
  /** Of a receiver of datagrams, the mean over the streams. */
  readonly jitterMs?: number | undefined;
}

/** The result of a test. Times in milliseconds. */
export interface ThroughputResult extends RunInfo {
  readonly schema: typeof THROUGHPUT_SCHEMA;
  readonly parameters: Omit<TestParameters, "ignored">;
  readonly elapsedMs: number;
  readonly directions: readonly DirectionTotal[];
  readonly streams: readonly StreamResult[];
  readonly intervals: readonly DirectionInterval[];
  /** Of each side while the test ran. */
  readonly cpu: { readonly client: CpuUse; readonly server: CpuUse };
  /** Round trips on another connection, before the test and while it ran. */
  readonly underLoad?: { readonly idle: Distribution; readonly loaded: Distribution } | undefined;
  readonly interrupted?: true | undefined;
  /** Why some figures are those of the client rather than of the network. */
  readonly warning?: string | undefined;
}

const BUSY = 0.8; // of a core
const MET_SHARE = 0.98; // of a rate, from which on it is met

/** Why a client that was busy is part of what it measured; undefined where it is not. */
export function busyClient(
  { cpu: { client }, directions, parameters, elapsedMs, underLoad }: ThroughputResult,
): string | undefined {
  const use = client.user + client.system;
  if (use < BUSY) return undefined;
  const used = `the client used ${Math.round(use * 100)}% of a core`;
  const due = (parameters.bitsPerSecond ?? 0) * parameters.streams * elapsedMs / 8000;
  const isShort = directions.some(({ direction, sentBytes }) =>
    direction === "up" && parameters.bytes === undefined && sentBytes < due * MET_SHARE
  );
  const isLossy = directions.some(({ datagrams }) => datagrams && datagrams.lost > 0);
  if (isShort || isLossy) return `${used}: what is lost, or below the rate, may be its own`;
  return underLoad && `${used}: a part of the round trip under load is its own`;
}

/** What an interval tells of each direction that there is; this side is the client. */
export function directionIntervals(
  { fromMs, toMs, omitted, streams }: Interval,
  { protocol }: Pick<TestParameters, "protocol">,
): DirectionInterval[] {
  const directions = Map.groupBy(streams, ({ sends }) => sends ? "up" as const : "down" as const);
  return [...directions].map(([direction, some]): DirectionInterval => {
    const sum = (of: (each: (typeof some)[number]) => number) =>
      some.reduce((total, each) => total + of(each), 0);
    const counts = some.map(({ counts }) => counts).reduce(addCounts);
    const [first] = some;
    const sends = direction === "up";
    return {
      direction,
      fromMs,
      toMs,
      omitted,
      ...counts,
      bitsPerSecond: counts.bytes * 8000 / (toMs - fromMs),
      ...(sends && first!.tcp && {
        retransmits: sum(({ retransmits = 0 }) => retransmits),
        tcp: first!.tcp,
      }),
      ...(!sends && protocol === "udp" &&
        { jitterMs: sum(({ jitterMs }) => jitterMs) / some.length }),
    };
  });
}

/** What is measured, in a line. */
export function describeTest(
  { directions, streams, bytes, duration, omit, protocol }: ThroughputResult["parameters"],
): string {
  const way = directions === "both" ? "up and down" : directions;
  const limit = bytes === undefined ? `for ${formatDuration(duration)}` : formatSize(bytes);
  const each = directions === "both" ? " each way" : "";
  const connections = formatQuantity(streams, protocol === "udp" ? "UDP stream" : "stream");
  const omitted = omit > 0 ? ` after ${formatDuration(omit)} that are omitted` : "";
  return `${way}, ${connections}${each}, ${limit}${omitted}`;
}
