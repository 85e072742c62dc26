/** A node:net socket as a {@linkcode Socket}, for what the runtime's own cannot do. */
import type { Socket } from "../socket_duplex.ts";
import { connect } from "node:net";
import type { Duplex as NodeDuplex } from "node:stream";
import { type InetAddress, socketAddress } from "../address.ts";
import { requireNodeNetworking } from "../../core/runtime.ts";
import { Inbox } from "./inbox.ts";
import { cannotConnectFrom, type Connection } from "../connect/deadline.ts";
import { endWriting, writeTo } from "./write.ts";

/**
 * Connects from an address of this machine, which `Deno.connect` cannot choose.
 * Rejects with the signal's reason on abort.
 */
export async function connectFrom(
  from: InetAddress,
  { to, signal, keepalive }: { to: InetAddress; signal: AbortSignal; keepalive: boolean },
): Promise<Connection> {
  requireNodeNetworking("Option --source");
  signal.throwIfAborted();
  const socket = connect({
    host: to.hostname,
    port: to.port,
    localAddress: from.hostname || undefined,
    localPort: from.port || undefined,
    allowHalfOpen: true,
    keepAlive: keepalive,
    noDelay: true,
  });
  const connected = Promise.withResolvers<void>();
  const give = () => socket.destroy(signal.reason);
  signal.addEventListener("abort", give, { once: true });
  socket.once("connect", connected.resolve);
  socket.once("error", (error) => connected.reject(failureOf(error, from)));
  await connected.promise.finally(() => {
    signal.removeEventListener("abort", give);
    socket.removeAllListeners("error");
  });
  const end = (hostname = "", port = 0) =>
    socketAddress(to.transport, { transport: "tcp", hostname, port });
  return {
    socket: new NodeSocket(socket),
    local: end(socket.localAddress, socket.localPort),
    remote: end(socket.remoteAddress, socket.remotePort),
    close: () => socket.destroy(),
  };
}

function failureOf(error: Error & { syscall?: string }, from: InetAddress): Error {
  return error.syscall === "bind" ? cannotConnectFrom(from, error) : error;
}

/** Reads and writes a stream of Node's, with backpressure both ways. */
class NodeSocket implements Socket {
  readonly #stream: NodeDuplex;
  readonly #inbox = new Inbox();

  constructor(stream: NodeDuplex) {
    this.#stream = stream;
    stream.on("data", (chunk: Uint8Array) => {
      stream.pause();
      this.#inbox.push(chunk);
    });
    stream.on("end", () => this.#inbox.end());
    stream.on("error", (error) => this.#inbox.fail(error));
    stream.on("close", () => this.#inbox.fail(new Deno.errors.Interrupted("closed")));
    stream.pause();
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#inbox.empty) this.#stream.resume();
    return this.#inbox.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return writeTo(this.#stream, bytes);
  }

  closeWrite(): Promise<void> {
    return endWriting(this.#stream);
  }

  close(): void {
    this.#stream.destroy();
  }
}
