/** One peer, whatever it is connected by. */
import type { Address } from "./address.ts";
import { ChunkSink, ChunkSource, type Reads, type Seen } from "./chunk_io.ts";
import { type TellEnd, tellingOutput, tellingReads } from "./end_of_stream.ts";
import type { Security } from "./transports/tls/session_info.ts";
import { readableOf, writableOf } from "./streams.ts";
import type { Output } from "../terminal/output.ts";

/** Sees every chunk synchronously, in order; it must copy what it keeps. */
export interface Observer {
  /** Bytes that arrived from the peer. */
  readonly received?: Seen | undefined;
  /** Bytes that the system took for the peer. */
  readonly sent?: Seen | undefined;
  /** The peer ends its direction, or breaks the connection. */
  readonly ended?: TellEnd | undefined;
  /** This side ends its direction; reading may go on. */
  readonly halfClosed?: (() => void) | undefined;
  /** This side ends the connection: closes it, or breaks it off. */
  readonly closed?: ((how: "closed" | "reset") => void) | undefined;
}

/** Bytes from the peer and to it, and in how many chunks they came. */
export interface Traffic {
  readonly received: number;
  readonly sent: number;
  readonly chunks: number;
}

/** One peer: web streams over a connection, and what is known about it. */
export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it half-closes: the peer sees the end of input, reading goes on. */
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  /** The proxy that it came through, where one has said so. */
  readonly via?: Address | undefined;
  /** What TLS has found out. */
  readonly security?: Security | undefined;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
  /** What has passed so far. */
  readonly traffic: Traffic;
  /** Adds one who sees each chunk. Counting needs nobody. */
  observe(observer: Observer): void;
  /** Ends both directions; may be called again. */
  close(): void;
  /** Ends both directions as an error for the peer (RST) where the platform can, else closes. */
  reset(): void;
}

/** The part of a `Deno.Conn` that a duplex needs. */
export interface Socket extends Reads, Output {
  closeWrite(): Promise<void>;
  close(): void;
}

/** Closes a socket that is perhaps closed already. */
export function closeQuietly(socket: { close(): void }): void {
  try {
    socket.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** What is known about a peer, and how to read from it. */
export interface PeerOptions extends Pick<Duplex, "local" | "remote" | "via" | "security"> {
  readonly framed?: boolean;
  /** What reads from the socket, where it is not a stream of bytes. */
  readonly source?: ChunkSource;
  /** Breaks the connection (RST), where the system can; the socket is closed afterwards. */
  readonly breakOff?: (() => void) | undefined;
}

/** A {@linkcode Duplex} over a socket. */
export class SocketDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  readonly via: Address | undefined;
  readonly security: Security | undefined;
  readonly framed: boolean;
  readonly #socket: Socket;
  readonly #source: ChunkSource;
  readonly #sink: ChunkSink;
  readonly #breakOff: (() => void) | undefined;
  readonly #observers: Observer[] = [];
  #closed: "closed" | "reset" | undefined;

  constructor(
    socket: Socket,
    {
      local,
      remote,
      via,
      security,
      framed = false,
      source = new ChunkSource(socket),
      breakOff,
    }: PeerOptions,
  ) {
    this.#breakOff = breakOff;
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    this.via = via;
    this.security = security;
    this.framed = framed;
    this.#source = source;
    this.#sink = new ChunkSink(socket, {
      close: () => {
        for (const { halfClosed } of this.#observers) halfClosed?.();
        return socket.closeWrite();
      },
      abort: () => this.close(),
    });
    this.readable = readableOf(this.#source);
    this.writable = writableOf(this.#sink);
  }

  get traffic(): Traffic {
    const { bytes: received, chunks } = this.#source;
    return { received, sent: this.#sink.bytes, chunks };
  }

  observe(observer: Observer): void {
    if (this.#closed) return observer.closed?.(this.#closed);
    this.#source.seen = inTurn(this.#source.seen, observer.received);
    this.#sink.seen = inTurn(this.#sink.seen, observer.sent);
    if (observer.closed || observer.halfClosed) this.#observers.push(observer);
    if (!observer.ended) return;
    this.#source.from = tellingReads(this.#source.from, observer.ended);
    this.#sink.to = tellingOutput(this.#sink.to, observer.ended);
  }

  close(): void {
    if (this.#close("closed")) this.#socket.close();
  }

  // No Deno API sends RST: the runtime shuts a socket down before it closes it.
  reset(): void {
    if (!this.#breakOff) return this.close();
    if (!this.#close("reset")) return;
    this.#breakOff();
    this.#socket.close();
  }

  #close(how: "closed" | "reset"): boolean {
    if (this.#closed) return false;
    for (const { closed } of this.#observers) closed?.(how);
    this.#source.seen = this.#sink.seen = undefined; // what is still under way reaches nobody
    this.#closed = how;
    return true;
  }
}

function inTurn(first: Seen | undefined, second: Seen | undefined): Seen | undefined {
  if (!first || !second) return first ?? second;
  return (chunk) => {
    first(chunk);
    second(chunk);
  };
}
