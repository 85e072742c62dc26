/** What both sides tell of a test, by its directions. */
import {
  formatBitRate,
  formatCount,
  formatDuration,
  formatQuantity,
  formatSize,
} from "../core/units.ts";
import type { Side, TestParameters } from "./parameters.ts";
import type { PeerResults, PeerStream } from "./results.ts";
import type { StreamTotal } from "./measurement.ts";
import type { Transfer } from "./transfer.ts";

/** From the client to the server ("up"), or back ("down"). */
export type Direction = "up" | "down";

/** What passed in a direction, or over one of its streams. */
export interface DirectionTotal {
  readonly direction: Direction;
  readonly sentBytes: number;
  readonly sentBitsPerSecond: number;
  readonly receivedBytes: number;
  readonly receivedBitsPerSecond: number;
  /** Segments that the sender sent again; absent where its system does not tell. */
  readonly retransmits?: number | undefined;
  /** What the receiver tells of datagrams. */
  readonly datagrams?: DatagramTotal | undefined;
  /** Bytes that came as others than they were sent; absent where that was not checked. */
  readonly corruptBytes?: number | undefined;
}

/** What a receiver tells of datagrams. */
export interface DatagramTotal {
  /** The highest number that came. */
  readonly packets: number;
  readonly lost: number;
  /** Absent where it is the other side that knows. */
  readonly outOfOrder?: number | undefined;
  /** The mean over the streams. */
  readonly jitterMs: number;
}

/** A stream, by its number in the results. */
export interface StreamResult extends DirectionTotal {
  readonly id: number;
}

/** What both sides tell of each stream; `side` is this one. */
export function streamResults(
  transfer: Transfer,
  { peer, parameters: { protocol, check }, side }: {
    readonly peer: PeerResults;
    readonly parameters: TestParameters;
    readonly side: Side;
  },
): StreamResult[] {
  return transfer.totals.map((own): StreamResult => {
    const other = peer.streams.find(({ id }) => id === own.id);
    if (!other) throw new SyntaxError(`results without stream ${own.id}`);
    const ours = { bytes: own.counts.bytes, elapsedMs: own.elapsedMs };
    const [sent, received] = own.sends ? [ours, other] : [other, ours];
    return {
      id: own.id,
      direction: own.sends === (side === "client") ? "up" : "down",
      sentBytes: sent.bytes,
      sentBitsPerSecond: rateOf(sent),
      receivedBytes: received.bytes,
      receivedBitsPerSecond: rateOf(received),
      ...(protocol === "tcp" && { retransmits: own.sends ? own.retransmits : other.retransmits }),
      ...(protocol === "udp" && { datagrams: datagramTotal(own, other) }),
      ...(check && other.corrupt !== undefined && {
        corruptBytes: own.sends ? other.corrupt : own.counts.corrupt,
      }),
    };
  });
}

// Each side's time is its own: what a receiver gets last comes after the sender's end.
function rateOf({ bytes, elapsedMs }: Pick<PeerStream, "bytes" | "elapsedMs">): number {
  return elapsedMs > 0 ? bytes * 8000 / elapsedMs : 0;
}

function datagramTotal(own: StreamTotal, other: PeerStream): DatagramTotal {
  if (own.sends) return { packets: other.packets, lost: other.lost, jitterMs: other.jitterMs };
  const { counts: { packets, lost, outOfOrder }, jitterMs } = own;
  return { packets, lost, outOfOrder, jitterMs };
}

/** The same for each direction that there is. */
export function directionTotals(streams: readonly StreamResult[]): DirectionTotal[] {
  return (["up", "down"] as const).flatMap((direction) => {
    const [first, ...others] = streams.filter((stream) => stream.direction === direction);
    if (!first) return [];
    const { id: _, ...total } = others.reduce(
      (sum, stream) => ({ ...add(sum, stream), id: 0 }),
      first,
    );
    const { datagrams } = total;
    const jitterMs = (datagrams?.jitterMs ?? 0) / (others.length + 1);
    return [{ ...total, ...(datagrams && { datagrams: { ...datagrams, jitterMs } }) }];
  });
}

function add(one: DirectionTotal, other: DirectionTotal): DirectionTotal {
  const sum = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a + b;
  const [a, b] = [one.datagrams, other.datagrams];
  return {
    direction: one.direction,
    sentBytes: one.sentBytes + other.sentBytes,
    sentBitsPerSecond: one.sentBitsPerSecond + other.sentBitsPerSecond,
    receivedBytes: one.receivedBytes + other.receivedBytes,
    receivedBitsPerSecond: one.receivedBitsPerSecond + other.receivedBitsPerSecond,
    retransmits: sum(one.retransmits, other.retransmits),
    datagrams: a && b && {
      packets: a.packets + b.packets,
      lost: a.lost + b.lost,
      outOfOrder: sum(a.outOfOrder, b.outOfOrder),
      jitterMs: a.jitterMs + b.jitterMs,
    },
    corruptBytes: sum(one.corruptBytes, other.corruptBytes),
  };
}

/** A direction in a line. */
export function describeTotal(total: DirectionTotal): string {
  const { sentBytes, receivedBytes, receivedBitsPerSecond, retransmits, datagrams } = total;
  const all = [
    `${formatBitRate(receivedBitsPerSecond)}, ${formatSize(sentBytes)} sent, ` +
    `${formatSize(receivedBytes)} received`,
    retransmits !== undefined && formatQuantity(retransmits, "retransmit"),
    datagrams && describeDatagrams(datagrams),
    total.corruptBytes !== undefined && `${formatQuantity(total.corruptBytes, "byte")} corrupt`,
  ];
  return all.filter(Boolean).join(", ");
}

/** What became of datagrams, in a few words. */
export function describeDatagrams(
  { packets, lost, outOfOrder = 0, jitterMs }: DatagramTotal,
): string {
  const share = packets > 0 ? lost / packets * 100 : 0;
  return `${formatCount(lost)} of ${formatQuantity(packets, "datagram")} lost (${
    share.toFixed(2)
  }%)` +
    (outOfOrder > 0 ? `, ${formatCount(outOfOrder)} out of order` : "") +
    `, jitter ${formatDuration(jitterMs)}`;
}
