/** What `--verbose` tells of a connection, as text or as JSON. */
import type { Clock } from "../core/clock.ts";
import { formatDuration, formatQuantity, roundMs } from "../core/units.ts";
import { formatAddress, showAddress } from "../net/address.ts";
import type { Duplex, Traffic } from "../net/duplex.ts";
import { printableText, safeJson } from "../terminal/sanitize.ts";
import { describeTcp, type TcpInfo } from "../net/tcp_info.ts";
import { describeSession, sessionFields, type TlsSession } from "../net/tls_session.ts";

/** The text of each thing that is told; empty where there is nothing to tell. */
export interface TraceFormat {
  retrying(reason: string): string;
  session(session: TlsSession): string;
  connected(peer: Duplex, elapsedMs: number): string;
  closed(traffic: Traffic, tcp: TcpInfo | undefined): string;
}

/** Where what is told goes, and as what. */
export interface Trace {
  readonly format: TraceFormat;
  /** Prints a line on stderr. */
  readonly say: (line: string) => Promise<void>;
}

/** For people. */
export const textTrace: TraceFormat = {
  retrying: (reason) => `${printableText(reason)}; trying again`,
  session: (session) => describeSession(session).join("\n"),
  connected: ({ remote, local }, elapsedMs) =>
    `connected to ${showAddress(remote)} from ${showAddress(local)} in ` +
    formatDuration(elapsedMs),
  closed: ({ sent, received }, tcp) =>
    `${formatQuantity(sent, "byte")} sent, ${formatQuantity(received, "byte")} received` +
    (tcp ? `; ${describeTcp(tcp)}` : ""),
};

/** For programs: one object a line. */
export function jsonTrace(clock: Pick<Clock, "wallTime">): TraceFormat {
  const line = (event: string, fields: object) => {
    const time = new Date(clock.wallTime()).toISOString();
    return safeJson({ event, time, ...fields });
  };
  return {
    retrying: (reason) => line("retrying", { reason }),
    session: (session) => line("tls", sessionFields(session, clock.wallTime())),
    connected: ({ remote, local }, elapsedMs) =>
      line("connected", {
        remote: formatAddress(remote),
        local: formatAddress(local),
        elapsedMs: roundMs(elapsedMs),
      }),
    closed: ({ sent, received }, tcp) => line("closed", { sent, received, ...(tcp && { tcp }) }),
  };
}
