/**
 * TLS over any socket, by node:tls, for what the runtime's own TLS cannot do: client certificates,
 * a peer's certificates, an unchecked peer, a handshake after a PROXY header.
 *
 * node:tls over a socket of its own loses the end of input once it has been paused, and without
 * pauses it buffers without bound. Here it works on a stream that we feed, no faster than the
 * plain bytes are read.
 */
import { writeAll } from "../../../core/io.ts";
import { closeQuietly, type Socket } from "../../socket_duplex.ts";
import { Buffer } from "node:buffer";
import { Duplex as NodeDuplex } from "node:stream";
import { connect, type ConnectionOptions, TLSSocket, type TLSSocketOptions } from "node:tls";
import type { ChunkReader } from "../../duplex.ts";
import { chunksOf } from "../../streams.ts";
import { isUnknownProtocol } from "./errors.ts";
import { LAST_WRITE_MS } from "../../incoming.ts";
import { Inbox } from "../../node/inbox.ts";
import { endWriting, writeTo } from "../../node/write.ts";

/** A TLS session over another socket. */
export class NodeTlsSocket implements Socket {
  /** Node's side of it, for what it knows about the session. */
  readonly session: TLSSocket;
  readonly #feed: Feed;

  private constructor(session: TLSSocket, feed: Feed) {
    this.session = session;
    this.#feed = feed;
    const { inbox } = feed;
    session.on("data", (chunk: Uint8Array) => inbox.push(chunk));
    onCloseNotify(session, () => inbox.end());
    session.on("error", (error) => inbox.fail(error));
    session.on("close", () => inbox.fail(new Deno.errors.Interrupted("closed")));
  }

  /** Shakes hands as a client. Rejects with what the handshake fails with. */
  static connect(socket: Socket, options: ConnectionOptions): Promise<NodeTlsSocket> {
    const start = (stream: NodeDuplex) => connect({ ...options, socket: stream });
    return NodeTlsSocket.#shake(new Feed(socket), { start, event: "secureConnect" });
  }

  /** Shakes hands as a server. Rejects with what the handshake fails with. */
  static accept(socket: Socket, options: TLSSocketOptions): Promise<NodeTlsSocket> {
    const start = (stream: NodeDuplex) => new TLSSocket(stream, { ...options, isServer: true });
    const feed = new Feed(socket);
    return NodeTlsSocket.#shake(feed, { start, event: "secure", onRefusal: () => feed.alert() });
  }

  static async #shake(feed: Feed, { start, event, onRefusal }: Start): Promise<NodeTlsSocket> {
    const session = start(feed.stream);
    const shaken = Promise.withResolvers<void>();
    feed.onFailure = shaken.reject;
    session.on("error", shaken.reject);
    session.once(event, shaken.resolve);
    try {
      await shaken.promise;
      return new NodeTlsSocket(session, feed);
    } catch (error) {
      if (isUnknownProtocol(error)) await onRefusal?.();
      session.destroy();
      feed.stream.destroy();
      throw error;
    }
  }

  async read(into: Uint8Array): Promise<number | null> {
    const length = await this.#feed.inbox.read(into);
    this.#feed.go();
    return length;
  }

  write(bytes: Uint8Array): Promise<number> {
    return writeTo(this.session, bytes);
  }

  closeWrite(): Promise<void> {
    return endWriting(this.session);
  }

  /** Sends close_notify, behind what was written, and closes. */
  close(): void {
    const { session } = this;
    this.#feed.inbox.fail(new Deno.errors.Interrupted("closed"));
    if (session.destroyed) return this.abort();
    const late = setTimeout(() => this.abort(), LAST_WRITE_MS);
    const abort = () => {
      clearTimeout(late);
      this.abort();
    };
    const finished = session.writableFinished ? Promise.resolve() : endWriting(session);
    // close_notify is written on the next turn at the latest.
    finished.then(() => setImmediate(() => this.#feed.onceWritten(abort)), abort);
  }

  /** Closes without close_notify. */
  abort(): void {
    this.session.destroy();
    this.#feed.close();
  }
}

// node:tls sends no close_notify for a session whose input has ended before its output, unless both
// end in one turn of the event loop. So the session does not learn of the end; whoever reads does.
function onCloseNotify(session: TLSSocket, end: () => void): void {
  const push = session.push.bind(session);
  const endWhenRead = () => session.readableLength > 0 ? setImmediate(endWhenRead) : end();
  session.push = (chunk: unknown, ...rest) => {
    if (chunk !== null) return push(chunk, ...rest);
    endWhenRead();
    return false;
  };
}

interface Start {
  readonly start: (stream: NodeDuplex) => TLSSocket;
  /** The event that ends the handshake. */
  readonly event: "secure" | "secureConnect";
  /** Called where there is no protocol in common. */
  readonly onRefusal?: () => Promise<void>;
}

// A fatal alert in a record of TLS 1.2 (RFC 8446 section 5.1): no_application_protocol (RFC 7301).
const NO_PROTOCOL_ALERT = new Uint8Array([21, 3, 3, 0, 2, 2, 120]);

/** The socket as a stream of Node's, read no faster than plain bytes are taken from the inbox. */
class Feed {
  readonly stream: NodeDuplex;
  /** Plain bytes, put there by the session. */
  readonly inbox = new Inbox();
  #writes = 0; // under way
  #onWritten = () => {};
  /** Called with the failure of the socket during the handshake. */
  onFailure: (error: unknown) => void = () => {};
  readonly #socket: Socket;
  readonly #chunks: ChunkReader;
  #wanted = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = chunksOf(socket);
    this.stream = new NodeDuplex({
      allowHalfOpen: true,
      read: () => {
        this.#wanted = true;
        this.go();
      },
      write: (chunk: Uint8Array, _, done) => void this.#write(chunk).then(() => done(), done),
      final: (done) => void socket.closeWrite().then(() => done(), done),
    });
    this.stream.on("error", (error) => this.#fail(error));
  }

  /** Reads once, if the session wants more and all that it has given has been taken. */
  async go(): Promise<void> {
    if (!this.#wanted || !this.inbox.empty) return;
    this.#wanted = false;
    try {
      const chunk = await this.#chunks.read();
      if (!chunk) setImmediate(() => this.#end()); // after the data that came before
      else this.stream.push(Buffer.from(chunk));
    } catch (error) {
      this.#fail(error);
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

  /** Tells the peer that there is no protocol in common, which node:tls keeps to itself. */
  async alert(): Promise<void> {
    try {
      await writeAll(this.#socket, NO_PROTOCOL_ALERT);
      await this.#socket.closeWrite();
    } catch {
      // It has gone.
    }
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
