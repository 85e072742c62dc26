/** One peer, whatever it is connected by. */
import type { Address } from "../address.ts";
import { byteReadable, byteWritable, type Reads } from "./streams.ts";
import type { Output } from "../output.ts";

/** Sees every chunk synchronously, in order; it must copy what it keeps. */
export interface Observer {
  /** Bytes that arrived from the peer. */
  received(chunk: Uint8Array): void;
  /** Bytes that the system took for the peer. */
  sent(chunk: Uint8Array): void;
}

/** One peer: web streams over a connection, and what is known about it. */
export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it half-closes: the peer sees the end of input, reading goes on. */
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
  /** Set before the first byte moves. */
  observer: Observer | undefined;
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

/** A {@linkcode Duplex} over a stream socket: TCP, TLS or Unix. */
export class SocketDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  readonly framed = false;
  observer: Observer | undefined;
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, { local, remote }: { local: Address; remote: Address }) {
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    this.readable = byteReadable(socket, { seen: (chunk) => this.observer?.received(chunk) });
    this.writable = byteWritable(socket, {
      seen: (chunk) => this.observer?.sent(chunk),
      close: () => socket.closeWrite(),
      abort: () => this.close(),
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  // No Deno API sends RST: the runtime shuts a socket down before it closes it.
  reset(): void {
    this.close();
  }
}
