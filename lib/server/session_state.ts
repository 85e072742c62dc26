/** What is known of a connection. */
import type { TlsFacts } from "../log/event.ts";
import type { Address } from "../net/address.ts";
import type { Duplex } from "../net/duplex.ts";
import type { TlsSession } from "../net/tls_session.ts";

/** What can be seen of a session from outside. Bytes are counts, times milliseconds. */
export interface SessionState {
  readonly connection: number;
  readonly endpoint: string;
  readonly service: string;
  readonly remote: Address;
  readonly local: Address;
  readonly via: Address | undefined;
  /** Where a forwarder has connected to. */
  readonly upstream: Address | undefined;
  readonly tls: TlsFacts | undefined;
  readonly alpn: string | undefined;
  readonly received: number;
  readonly sent: number;
  /** Since 1970. */
  readonly openedAt: number;
  readonly elapsedMs: number;
  readonly tcp: Duplex["tcpInfo"];
  /** The names of the faults that have struck it. */
  readonly faults: readonly string[];
}

/** The part that the connection itself tells. */
export function stateOf(
  peer: Duplex,
): Omit<
  SessionState,
  "connection" | "endpoint" | "service" | "upstream" | "openedAt" | "elapsedMs" | "faults"
> {
  const { local, remote, via, security, traffic, tcpInfo: tcp } = peer;
  const { received, sent } = traffic;
  return { local, remote, via, tls: tlsOf(peer), alpn: security?.alpn, received, sent, tcp };
}

/** What is known of the TLS session; undefined where nothing is. */
export function tlsOf({ security }: Duplex): TlsFacts | undefined {
  return security?.hello || security?.protocol ? tlsFacts(security) : undefined;
}

/** The part of a TLS session that events tell. */
export function tlsFacts({ hello, protocol, cipher }: TlsSession): TlsFacts {
  return { serverName: hello?.serverName, offered: hello?.versions, protocol, cipher };
}
