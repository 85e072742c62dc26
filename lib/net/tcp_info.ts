/** What the system knows of a TCP connection. */

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
  /** The path MTU, in bytes. */
  readonly pathMtu: number;
}
