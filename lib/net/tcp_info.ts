/** What the system knows of a TCP connection. */
import { formatDuration, formatQuantity } from "../core/units.ts";

/** The part of Linux's `struct tcp_info` (tcp(7)) that tells of the network. */
export interface TcpInfo {
  /** The smoothed round-trip time, in milliseconds. */
  readonly rttMs: number;
  /** Its mean deviation, in milliseconds. */
  readonly rttVarianceMs: number;
  /** Segments sent again, in the life of the connection. */
  readonly retransmits: number;
  /** The congestion window, in segments. */
  readonly congestionWindow: number;
  /** The most that a segment to the peer carries, in bytes. */
  readonly segmentBytes: number;
  /** The path MTU, in bytes. */
  readonly pathMtu: number;
}

/** What it tells of the network, in a line. */
export function describeTcp({ rttMs, retransmits, congestionWindow }: TcpInfo): string {
  return `rtt ${formatDuration(rttMs)}, ${formatQuantity(retransmits, "retransmit")}, ` +
    `congestion window ${formatQuantity(congestionWindow, "segment")}`;
}

/** What is known of several connections together. */
export interface TcpTotals {
  /** Of how many something is known. */
  readonly connections: number;
  readonly retransmits: number;
  /** Of their smoothed round-trip times, in milliseconds. */
  readonly leastRttMs: number;
  readonly mostRttMs: number;
}

/** What is known of several connections, in a line. */
export function describeTcpTotals({ retransmits, leastRttMs, mostRttMs }: TcpTotals): string {
  return `${formatQuantity(retransmits, "retransmit")}, rtt ${formatDuration(leastRttMs)} to ` +
    formatDuration(mostRttMs);
}

/** Adds up what is known; undefined where nothing is. */
export function addTcp(
  one: TcpTotals | undefined,
  other: TcpTotals | undefined,
): TcpTotals | undefined {
  if (!one || !other) return one ?? other;
  return {
    connections: one.connections + other.connections,
    retransmits: one.retransmits + other.retransmits,
    leastRttMs: Math.min(one.leastRttMs, other.leastRttMs),
    mostRttMs: Math.max(one.mostRttMs, other.mostRttMs),
  };
}

/** The totals of one connection. */
export function tcpTotals({ retransmits, rttMs }: TcpInfo): TcpTotals {
  return { connections: 1, retransmits, leastRttMs: rttMs, mostRttMs: rttMs };
}
