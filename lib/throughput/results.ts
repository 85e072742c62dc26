/** What the two sides of a test tell each other at its end. */
import { isObject, type JsonObject } from "../core/json.ts";
import type { CpuUse } from "../core/cpu.ts";
import type { StreamTotal } from "./measurement.ts";
import type { Transfer } from "./transfer.ts";

const UNKNOWN = -1; // what the system does not tell, such as retransmits
const UNSIGNED_UNKNOWN = 2 ** 64; // the same, as some versions of iperf3 write it

/** What the other side tells of a stream. */
export interface PeerStream {
  readonly id: number;
  readonly bytes: number;
  readonly retransmits: number | undefined;
  readonly packets: number;
  readonly lost: number;
  readonly jitterMs: number;
  readonly elapsedMs: number;
  /** Undefined where it cannot check. */
  readonly corrupt: number | undefined;
}

/** What the other side tells. */
export interface PeerResults {
  readonly cpu: CpuUse;
  readonly streams: readonly PeerStream[];
}

/** The results as they are sent. */
export function writeResults(
  transfer: Transfer,
  { cpu, check }: { readonly cpu: CpuUse; readonly check: boolean },
): JsonObject {
  const { totals } = transfer;
  const sends = totals.some(({ sends }) => sends);
  return {
    cpu_util_total: percent(cpu.user + cpu.system),
    cpu_util_user: percent(cpu.user),
    cpu_util_system: percent(cpu.system),
    sender_has_retransmits: sends ? Number(totals.some(({ tcp }) => tcp)) : UNKNOWN,
    streams: totals.map((total) => writeStream(total, { check })),
  };
}

function percent(share: number): number {
  return share * 100;
}

function writeStream(
  { id, sends, counts, omitted, jitterMs, retransmits, elapsedMs }: StreamTotal,
  { check }: { readonly check: boolean },
): JsonObject {
  return {
    id,
    bytes: counts.bytes,
    retransmits: sends ? retransmits ?? UNKNOWN : UNKNOWN,
    jitter: jitterMs / 1000,
    errors: counts.lost + omitted.lost,
    omitted_errors: omitted.lost,
    packets: counts.packets + omitted.packets,
    omitted_packets: omitted.packets,
    start_time: 0,
    end_time: elapsedMs / 1000,
    ...(check && { netecho_corrupt: counts.corrupt }),
  };
}

/**
 * Reads the results of the other side.
 *
 * @throws {SyntaxError} where they are none
 */
export function readResults(json: JsonObject): PeerResults {
  const { streams } = json;
  if (!Array.isArray(streams)) throw new SyntaxError("results without streams");
  const number = numberOf(json);
  const read = streams.filter(isObject).map(readStream);
  if (new Set(read.map(({ id }) => id)).size < read.length) {
    throw new SyntaxError("results with two streams of one number");
  }
  return {
    cpu: { user: number("cpu_util_user") / 100, system: number("cpu_util_system") / 100 },
    streams: read,
  };
}

function readStream(json: JsonObject): PeerStream {
  const number = numberOf(json);
  const retransmits = number("retransmits");
  return {
    id: number("id"),
    bytes: number("bytes"),
    retransmits: retransmits === UNKNOWN ? undefined : retransmits,
    packets: number("packets") - number("omitted_packets"),
    lost: number("errors") - number("omitted_errors"),
    jitterMs: number("jitter") * 1000,
    elapsedMs: (number("end_time") - number("start_time")) * 1000,
    corrupt: json["netecho_corrupt"] === undefined ? undefined : number("netecho_corrupt"),
  };
}

function numberOf(json: JsonObject): (name: string) => number {
  return (name) => {
    const value = json[name] ?? 0;
    if (value === UNKNOWN || value === UNSIGNED_UNKNOWN) return UNKNOWN;
    const most = Number.MAX_SAFE_INTEGER;
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    throw new SyntaxError(`results whose ${name} is ${JSON.stringify(value)}`);
  };
}
