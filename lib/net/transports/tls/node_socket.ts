/**
 * TLS over any socket, by node:tls, for what the runtime's own TLS cannot do: client certificates,
 * a peer's certificates, an unchecked peer, a handshake after a PROXY header.
 *
 * node:tls over a socket of its own loses the end of input once it has been paused, and without
 * pauses it buffers without bound. Here it works on a stream that we feed, no faster than the
 * plain bytes are read.
 */
import { writeAll } from "../../../core/io.ts";
import type { Socket } from "../../socket_duplex.ts";
import type { Duplex as NodeDuplex } from "node:stream";
import { connect, type ConnectionOptions, TLSSocket, type TLSSocketOptions } from "node:tls";
import { Feed } from "./feed.ts";
import { isUnknownProtocol } from "./errors.ts";
import { LAST_WRITE_MS } from "../../incoming.ts";
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

  /**
   * Shakes hands as a server; `onRead` is shown what the client sends. Rejects with what the handshake
   * fails with.
   */
  static async accept(
    socket: Socket,
    { onRead, ...options }: TLSSocketOptions & { readonly onRead: (chunk: Uint8Array) => void },
  ): Promise<NodeTlsSocket> {
    const feed = new Feed(socket);
    feed.onRead = onRead;
    const start = (stream: NodeDuplex) => new TLSSocket(stream, { ...options, isServer: true });
    try {
      return await NodeTlsSocket.#shake(feed, { start, event: "secure" });
    } catch (error) {
      if (isUnknownProtocol(error)) await sendNoProtocol(socket);
      throw error;
    }
  }

  static async #shake(feed: Feed, { start, event }: Start): Promise<NodeTlsSocket> {
    const session = start(feed.stream);
    const shaken = Promise.withResolvers<NodeTlsSocket>();
    feed.onFailure = shaken.reject;
    session.on("error", shaken.reject);
    // At once: what comes together with the last of the handshake, its end included, is told next.
    session.once(event, () => shaken.resolve(new NodeTlsSocket(session, feed)));
    try {
      return await shaken.promise;
    } catch (error) {
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
}

// A fatal alert in a record of TLS 1.2 (RFC 8446 section 5.1): no_application_protocol (RFC 7301).
const NO_PROTOCOL_ALERT = new Uint8Array([21, 3, 3, 0, 2, 2, 120]);

// Tells the peer that there is no protocol in common, which node:tls keeps to itself.
async function sendNoProtocol(socket: Socket): Promise<void> {
  try {
    await writeAll(socket, NO_PROTOCOL_ALERT);
    await socket.closeWrite();
  } catch {
    // It has gone.
  }
}
