/**
 * TLS over any socket, by node:tls, for what the runtime's own TLS cannot do: client certificates,
 * a peer's certificates, an unchecked peer, a handshake after a PROXY header.
 *
 * node:tls over a socket of its own loses the end of input once it has been paused, and without
 * pauses it buffers without bound. Here it works on a stream that we feed, no faster than the
 * plain bytes are read.
 */
import type { Socket } from "../../socket_duplex.ts";
import type { Duplex as NodeDuplex } from "node:stream";
import { connect, type ConnectionOptions, TLSSocket, type TLSSocketOptions } from "node:tls";
import { Feed } from "./feed.ts";
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

  /**
   * Shakes hands as a client; `onRead` is shown what the server sends. Rejects with what the handshake
   * fails with.
   */
  static connect(
    socket: Socket,
    { onRead, ...options }: ConnectionOptions & Watching,
  ): Promise<NodeTlsSocket> {
    const start = (stream: NodeDuplex) => connect({ ...options, socket: stream });
    return NodeTlsSocket.#shake(new Feed(socket, onRead), { start, event: "secureConnect" });
  }

  /**
   * Shakes hands as a server; `onRead` is shown what the client sends. Rejects with what the handshake
   * fails with; `onTelling` gets what resolves when the client has been told of it by an alert.
   */
  static accept(
    socket: Socket,
    { onRead, onTelling, ...options }: TLSSocketOptions & Watching & {
      readonly onTelling: (telling: Promise<void>) => void;
    },
  ): Promise<NodeTlsSocket> {
    const feed = new Feed(socket, onRead);
    const start = (stream: NodeDuplex) => {
      const session = new TLSSocket(stream, { ...options, isServer: true });
      onAlert(session, (alert) => onTelling(feed.sendLast(alert)));
      return session;
    };
    return NodeTlsSocket.#shake(feed, { start, event: "secure" });
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

  read(into: Uint8Array): Promise<number | null> {
    return this.#feed.read(into);
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

interface Watching {
  readonly onRead?: (chunk: Uint8Array) => void;
}

interface Start {
  readonly start: (stream: NodeDuplex) => TLSSocket;
  /** The event that ends the handshake. */
  readonly event: "secure" | "secureConnect";
}

/** What node:tls works on; the types do not have it. */
interface Engine {
  /** What is wrong with the peer's certificate, as tls.Server asks. */
  verifyError(): unknown;
  onerror(error: unknown): void;
  /** Takes the records that wait to be sent; not in every runtime. */
  drainEncOut?(): Uint8Array;
}

/** What a session works on. */
export function engineOf(session: TLSSocket): Engine {
  return (session as unknown as { ssl: Engine }).ssl;
}

// The alert that ends a handshake (RFC 8446 section 6.2) is sent by node:tls over a socket of its own
// alone; over a stream it is dropped with the session.
function onAlert(session: TLSSocket, take: (records: Uint8Array) => void): void {
  const engine = engineOf(session);
  const { onerror } = engine;
  engine.onerror = (error) => {
    const records = engine.drainEncOut?.() ?? new Uint8Array();
    if (records.length > 0) take(records);
    onerror.call(engine, error);
  };
  session.once("secure", () => engine.onerror = onerror);
}
