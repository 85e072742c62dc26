/** A node:net socket as a {@linkcode Socket}, for what the runtime's own cannot do. */
import { connect } from "node:net";
import type { Duplex as NodeDuplex } from "node:stream";
import { type InetAddress, socketAddress } from "../address.ts";
import { explain, NetworkError } from "../errors.ts";
import { requireNodeNetworking } from "../runtime.ts";
import type { Socket } from "./duplex.ts";
import { Inbox } from "./inbox.ts";
import type { Connection } from "./inet.ts";

/**
 * Connects from an address of this machine: `Deno.connect` has no local end to choose.
 * Rejects with the signal's reason on abort.
 */
export async function connectFrom(
  from: InetAddress,
  { to, signal, keepalive }: { to: InetAddress; signal: AbortSignal; keepalive: boolean },
): Promise<Connection> {
  requireNodeNetworking("Option --source");
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

function failureOf(error: Error & { syscall?: string }, { hostname }: InetAddress): Error {
  if (error.syscall !== "bind") return error;
  const { code } = error as { code?: string };
  const reason = code === "EINVAL" ? "this machine does not have that address" : explain(error);
  return new NetworkError(`Cannot connect from ${hostname}: ${reason}`, { cause: error });
}

/** Reads and writes a stream of Node's, with backpressure both ways. */
export class NodeSocket implements Socket {
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
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.once("error", reject);
      this.#stream.end(resolve);
    });
  }

  close(): void {
    this.#stream.destroy();
  }
}
