/** A connection to one peer, whatever the transport. */
import type { Address } from "./address.ts";
import type { StrayCounts } from "./strays.ts";
import type { TcpInfo } from "./tcp_info.ts";
import type { TlsSession } from "./tls_session.ts";

/** Reads chunk by chunk. */
export interface ChunkReader {
  /**
   * The next chunk, or null at the end of input. The chunk is valid until the next call: its buffer
   * is used again, so whoever keeps it longer copies it.
   */
  read(): Promise<Uint8Array | null>;
}

/** Writes chunk by chunk. */
export interface ChunkWriter {
  /** Writes the whole chunk, which must stay as it is until that is done. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the output (half-close); reading may go on. */
  closeWrite(): Promise<void>;
}

/** Sees every chunk synchronously and in order, and how the connection ends. */
export interface Observer {
  /** Bytes that arrived from the peer; the chunk must be copied to be kept. */
  readonly received?: ((chunk: Uint8Array) => void) | undefined;
  /** Bytes that the system took for the peer; the chunk must be copied to be kept. */
  readonly sent?: ((chunk: Uint8Array) => void) | undefined;
  /** The peer has ended its direction (FIN) or reset the connection. */
  readonly ended?: ((how: "fin" | "reset") => void) | undefined;
  /** This side has ended its direction; reading may go on. */
  readonly halfClosed?: (() => void) | undefined;
  /** This side has closed or reset the connection. */
  readonly closed?: ((how: "closed" | "reset") => void) | undefined;
}

/** Takes what was read, and returns what the reader gets. */
export type ReadInterceptor = (
  chunk: Uint8Array | null,
) => Uint8Array | null | Promise<Uint8Array | null>;

/** What has passed over a connection so far. */
export interface Traffic {
  /** Bytes from the peer. */
  readonly received: number;
  /** Bytes to the peer. */
  readonly sent: number;
  /** Chunks from the peer. */
  readonly chunks: number;
}

/**
 * A connection to one peer. `read`, `write` and `closeWrite` are its raw calls; `readable` and
 * `writable` are the same as web streams, made when first asked for. A direction is used by one of
 * the two, not by both.
 */
export interface Duplex extends ChunkReader, ChunkWriter {
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it half-closes; aborting it closes the connection. */
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  /** The address of the proxy that forwarded the connection, from a PROXY protocol header. */
  readonly via?: Address | undefined;
  /** What TLS negotiated. */
  readonly security?: TlsSession | undefined;
  /** Whether each chunk is a datagram. */
  readonly framed: boolean;
  readonly traffic: Traffic;
  /** What the system knows of the connection now; Linux alone tells, of an open TCP connection. */
  readonly tcpInfo?: TcpInfo | undefined;
  /** Datagrams from others than the peer. */
  readonly strays?: StrayCounts | undefined;
  /**
   * Adds an observer, until the returned function is called. On a connection that is closed already,
   * only `closed` is called, at once.
   */
  observe(observer: Observer): () => void;
  /**
   * Has every read give what `through` makes of its chunk, one that is under way included, at less
   * cost than a promise of its own; absent where a connection cannot.
   */
  interceptReads?(through: ReadInterceptor): void;
  /** Closes both directions; may be called again. */
  close(): void;
  /** Closes both directions with RST where the platform can, else like `close`. */
  reset(): void;
  /** Resets behind all that was written, when that has passed what delays it; resolves then. */
  resetWhenWritten(): Promise<void>;
}
