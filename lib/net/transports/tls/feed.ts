/** A socket as node:tls works on it. */
import { Buffer } from "node:buffer";
import { Duplex as NodeDuplex } from "node:stream";
import { writeAll } from "../../../core/io.ts";
import type { ChunkReader } from "../../duplex.ts";
import { Inbox } from "../../node/inbox.ts";
import { LAST_WRITE_MS } from "../../incoming.ts";
import { closeQuietly, type Socket } from "../../socket_duplex.ts";
import { chunksOf } from "../../streams.ts";

/**
 * The socket as a stream of Node's. Once somebody reads plain bytes, it is read only while they wait,
 * so that they have their turn among the connections.
 */
export class Feed {
  readonly stream: NodeDuplex;
  /** Plain bytes, put there by the session. */
  readonly inbox = new Inbox();
  #writes = 0; // under way
  #onWritten = () => {};
  /** Called with the failure of the socket during the handshake. */
  onFailure: (error: unknown) => void = () => {};
  readonly #socket: Socket;
  readonly #onRead: (chunk: Uint8Array) => void;
  readonly #chunks: ChunkReader;
  #reading: Promise<Uint8Array | null> | undefined;
  #wanted = false;
  #hasReader = false;

  /** `onRead` is shown what is read from the socket. */
  constructor(socket: Socket, onRead: (chunk: Uint8Array) => void = () => {}) {
    this.#socket = socket;
    this.#onRead = onRead;
    this.#chunks = chunksOf(socket);
    this.stream = new NodeDuplex({
      allowHalfOpen: true,
      read: () => {
        this.#wanted = true;
        this.#go();
      },
      write: (chunk: Uint8Array, _, done) => void this.#write(chunk).then(() => done(), done),
      final: (done) => void socket.closeWrite().then(() => done(), done),
    });
    this.stream.on("error", (error) => this.#fail(error));
  }

  /** Reads plain bytes; null is their end. */
  read(into: Uint8Array): Promise<number | null> {
    this.#hasReader = true;
    const reading = this.inbox.read(into);
    this.#go();
    return reading;
  }

  /** Reads once, if the session wants more and it is the time for it. */
  async #go(): Promise<void> {
    const { inbox } = this;
    if (!this.#wanted || !inbox.empty || (this.#hasReader && !inbox.awaited)) return;
    this.#wanted = false;
    try {
      const chunk = await this.#read();
      if (!chunk) setImmediate(() => this.#end()); // after the data that came before
      else {
        this.#onRead(chunk);
        this.stream.push(Buffer.from(chunk));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #read(): Promise<Uint8Array | null> {
    return this.#reading ??= this.#chunks.read().finally(() => this.#reading = undefined);
  }

  /**
   * Sends bytes behind all that was written and ends the output. What the peer sends is dropped until
   * it ends, for at most {@linkcode LAST_WRITE_MS}: a close with unread input would reset the
   * connection, and what was sent be lost.
   */
  async sendLast(bytes: Uint8Array): Promise<void> {
    const late = setTimeout(() => this.close(), LAST_WRITE_MS);
    try {
      await new Promise<void>((resolve) => this.onceWritten(resolve));
      await this.#write(bytes);
      await this.#socket.closeWrite();
      while (await this.#read());
    } catch {
      // It has gone, or it is late.
    } finally {
      clearTimeout(late);
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    this.#writes++;
    try {
      await writeAll(this.#socket, chunk);
    } finally {
      if (--this.#writes === 0) this.#onWritten();
    }
  }

  /** Calls `then` when no write is under way. */
  onceWritten(then: () => void): void {
    if (this.#writes === 0) then();
    else this.#onWritten = then;
  }

  close(): void {
    closeQuietly(this.#socket);
  }

  // A session ends by close_notify; a socket that ends without may have been cut off. The stream does
  // not end: node:tls would then end the other direction as well, without close_notify.
  #end(): void {
    this.#fail(new Deno.errors.UnexpectedEof("no close_notify"));
  }

  #fail(error: unknown): void {
    this.onFailure(error);
    this.inbox.fail(error);
  }
}
