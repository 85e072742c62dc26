/** Events of the server and the client as data; the formats turn them into lines. */
import type { Address } from "../net/address.ts";
import type { TcpInfo, TcpTotals } from "../net/tcp_info.ts";
import type { Certificate } from "../net/tls_session.ts";

/** `in`: from the peer; `out`: to the peer. */
export type Direction = "in" | "out";

/** Why a connection ended; `done`: the service had done what it was for. */
export type CloseReason =
  | "eof"
  | "done"
  | "reset"
  | "idle"
  | "stopped"
  | "fault"
  | "control"
  | "error";

/** What the control interface has changed. */
export type Change =
  | "endpoint-added"
  | "endpoint-changed"
  | "endpoint-removed"
  | "fault-added"
  | "fault-changed"
  | "fault-removed";

/** What a TLS client asked for and was given. */
export interface TlsFacts {
  /** The host that it means (SNI). */
  readonly serverName?: string | undefined;
  /** The versions that it offers. */
  readonly offered?: readonly string[] | undefined;
  readonly protocol?: string | undefined;
  readonly cipher?: string | undefined;
}

/** Where something happens: at an endpoint of a server. */
interface OfEndpoint {
  /** Its name; absent in a client. */
  readonly endpoint?: string;
}

/** A connection's address and, for a server, its number. */
export interface OfConnection extends OfEndpoint {
  readonly connection?: number;
  readonly remote: Address;
}

/** Everything that is reported, by name. Bytes are counts, times milliseconds. */
export interface EventMap {
  /** An endpoint listens. */
  listening: OfEndpoint & { readonly address: Address };
  /** An endpoint is disabled, and does not listen. */
  disabled: OfEndpoint & { readonly address: Address };
  /** The certificate of a listener; `generated` if it was made for this run. */
  certificate: OfEndpoint & Pick<Certificate, "subject" | "names" | "fingerprint"> & {
    readonly address: Address;
    readonly generated: boolean;
    /** The last day of its validity, as ISO 8601. */
    readonly until: string;
  };
  opened: OfConnection & {
    readonly local: Address;
    readonly service: string;
    /** The proxy that it came through. */
    readonly via?: Address | undefined;
    readonly tls?: TlsFacts | undefined;
    /** What TLS negotiated: the ALPN protocol, and the subject of the peer's certificate. */
    readonly alpn?: string | undefined;
    readonly subject?: string | undefined;
  };
  /** A chunk of payload, valid only during the call. */
  data: OfEndpoint & {
    readonly connection?: number;
    readonly direction: Direction;
    /** Bytes of this direction before the chunk. */
    readonly offset: number;
    readonly payload: Uint8Array;
  };
  closed: OfConnection & {
    readonly received: number;
    readonly sent: number;
    readonly elapsedMs: number;
    readonly reason: CloseReason;
    /** The reason in words, where the name is not enough. */
    readonly detail?: string;
    /** What the system knew of it at the end, where it tells. */
    readonly tcp?: TcpInfo | undefined;
  };
  /** A connection was accepted and closed unserved. */
  refused: OfConnection & {
    readonly reason: "denied" | "limit" | "host-limit" | "handshake";
    readonly detail: string;
    /** What a TLS client had asked for, where that is known. */
    readonly tls?: TlsFacts;
  };
  /** The faults that are in force, and the seed that gives the same run again. */
  faults: { readonly seed: number; readonly faults: readonly string[] };
  /** A fault has come into force, or struck. */
  fault: OfConnection & {
    /** Its given name, or else its kind. */
    readonly fault: string;
    readonly direction?: Direction | undefined;
    readonly detail: string;
  };
  /** The outcome of a connection that the service makes for its peer. */
  upstream: OfConnection & { readonly detail: string };
  /** What a service has measured with its peer. */
  measured: OfConnection & {
    readonly detail: string;
    /** The figures, by their names. */
    readonly figures: Readonly<Record<string, unknown>>;
  };
  /** Where the control interface listens, and the seed of faults that are added. */
  control: {
    readonly url: string;
    /** The address of its page, with the token in the fragment. */
    readonly page: string | undefined;
    readonly seed: number;
  };
  /** The server was changed from outside. */
  changed: OfEndpoint & { readonly change: Change; readonly detail: string };
  acceptFailed: OfEndpoint & {
    readonly address: Address;
    readonly error: string;
    /** Whether it was the peer that had gone, as after a health check; nothing is wrong then. */
    readonly gone: boolean;
  };
  acceptRecovered: OfEndpoint & { readonly address: Address; readonly failures: number };
  stats: {
    readonly open: number;
    /** Since the last stats event. */
    readonly openedPerSecond: number;
    readonly chunksPerSecond: number;
    readonly receivedPerSecond: number;
    readonly sentPerSecond: number;
    /** What the system knows of open connections, of a thousand at most. */
    readonly tcp?: TcpTotals | undefined;
  };
  stopping: { readonly open: number; readonly graceMs: number };
  summary: {
    readonly connections: number;
    readonly refused: number;
    readonly received: number;
    readonly sent: number;
    readonly elapsedMs: number;
  };
  /** Events that could not be shown because the output was not read fast enough. */
  missed: { readonly chunks: number; readonly others: number };
}

/** One event: its name under `event`, and its fields. */
export type Event = { [K in keyof EventMap]: { readonly event: K } & EventMap[K] }[keyof EventMap];

/** How much of the payload is shown. */
export type Show = "text" | "hex" | "size" | "none";

/** How many bytes of a chunk are dumped: a dump takes 5 us for each 16 bytes. */
export const MAX_DUMP_BYTES = 32 * 1024;

/** Turns an event that happened at `time` (milliseconds since 1970) into lines. */
export type Format = (event: Event, time: number) => string;

/** A function for each event, and the format that calls them. */
export type Formatters<R> = {
  readonly [K in keyof EventMap]: (event: EventMap[K]) => R;
};

/** Calls the formatter of an event. */
export function formatWith<R>(formatters: Formatters<R>, event: Event): R {
  // TypeScript cannot tell that the key and the event belong together.
  return (formatters[event.event] as (event: Event) => R)(event);
}
