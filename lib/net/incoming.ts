/** A stream connection on its way to being a peer. */
import { closeQuietly, type Socket, SocketDuplex } from "./socket_duplex.ts";
import {
  type Address,
  addressesOf,
  type ConnectionAddresses,
  type InetAddress,
  isInet,
} from "./address.ts";
import type { Clock } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import { flag, interval, type Values } from "../cli/options.ts";
import { formatDuration } from "../core/units.ts";
import { type SystemSocket, tcpSocket } from "./linux/system_socket.ts";
import type { Duplex } from "./duplex.ts";
import { HandshakeError, type TlsSession } from "./tls_session.ts";
import type { Arrival } from "./transport.ts";

/** What every transport of streams adds to the server's options. */
export const streamListenOptions = {
  proxyProtocol: flag({
    summary: "expect a PROXY protocol header, v1 or v2, and show the remote that it names; only " +
      "behind a proxy that you trust",
  }),
  handshakeTimeout: interval({
    initial: 10_000,
    summary: "refuse a peer if its TLS handshake or PROXY header takes longer than D",
  }),
};

/** Loads what preparing a connection will need: see `Transport.loadDialing` for why. */
export async function loadPreparing(
  { proxyProtocol }: Pick<Values<typeof streamListenOptions>, "proxyProtocol">,
): Promise<void> {
  if (proxyProtocol) await import("./proxy_protocol.ts");
}

/** A socket after its handshake. */
export interface SecuredSocket {
  readonly socket: Socket;
  readonly security: TlsSession;
}

/** How connections of a listener become peers. */
export interface PrepareOptions {
  readonly values: Values<typeof streamListenOptions>;
  readonly clock: Clock;
  /** Shakes hands, where the transport does. */
  readonly secure?: (
    socket: Socket,
    system: SystemSocket | undefined,
  ) => Promise<SecuredSocket>;
  /** Whether a socket that is closed stays open while a handshake or a write is under way. */
  readonly closesLate?: boolean;
}

/** Milliseconds that a write under way may take, after a close. */
export const LAST_WRITE_MS = 1000;

/** What shuts a connection down if a write is still under way {@linkcode LAST_WRITE_MS} after a close. */
export function cuttingOff(system: SystemSocket | undefined, clock: Clock): () => void {
  return () => void clock.after(LAST_WRITE_MS, () => system?.shutdown());
}

/** Accepts a TCP connection. Rejects when the peer is gone already. */
export async function acceptTcp(
  listener: Pick<Deno.TcpListener, "accept">,
): Promise<Deno.TcpConn> {
  const conn = await listener.accept();
  try {
    // Nagle's algorithm would hold a small message until the last one is acknowledged.
    conn.setNoDelay(true);
    conn.setKeepAlive(true); // a peer that is gone without a word is noticed one day
    return conn;
  } catch (error) {
    // The options of a socket can be set until its peer has gone; macOS reports EINVAL then.
    conn.close();
    throw new Deno.errors.ConnectionAborted("gone before it was accepted", { cause: error });
  }
}

/** An accepted stream socket, before its PROXY header and its TLS handshake, if any. */
export class StreamArrival implements Arrival {
  readonly local: Address;
  readonly remote: Address;
  readonly proxied: boolean;
  readonly #socket: Socket;
  readonly #system: SystemSocket | undefined;
  readonly #preparing: PrepareOptions;

  constructor(
    socket: Socket,
    { ends: { local, remote }, system, preparing }: {
      readonly ends: ConnectionAddresses;
      readonly system?: SystemSocket | undefined;
      readonly preparing: PrepareOptions;
    },
  ) {
    this.#socket = socket;
    this.#system = system;
    this.#preparing = preparing;
    this.local = local;
    this.remote = remote;
    this.proxied = preparing.values.proxyProtocol;
  }

  open(): Duplex | Promise<Duplex> {
    if (this.proxied || this.#preparing.secure) return this.#prepare();
    const { local, remote } = this;
    return new SocketDuplex(this.#socket, { local, remote, system: this.#system });
  }

  close(): void {
    if (this.#preparing.closesLate) this.#system?.shutdown();
    closeQuietly(this.#socket);
  }

  async #prepare(): Promise<Duplex> {
    const { values: { handshakeTimeout }, clock } = this.#preparing;
    const progress = { waitingFor: "" };
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(handshakeTimeout, () => {
      const limit = formatDuration(handshakeTimeout);
      late.reject(new NetworkError(`no complete ${progress.waitingFor} within ${limit}`));
      this.close();
    });
    const preparing = this.#steps(progress);
    preparing.catch(async (error) => {
      if (error instanceof HandshakeError) await error.telling;
      closeQuietly(this.#socket);
    });
    return await Promise.race([preparing, late.promise]).finally(cancel);
  }

  async #steps(progress: { waitingFor: string }): Promise<Duplex> {
    const { local, remote, proxied } = this;
    const { secure } = this.#preparing;
    let ends: ConnectionAddresses & { via?: Address } = { local, remote };
    if (proxied) {
      progress.waitingFor = "PROXY header";
      const { readProxyHeader } = await import("./proxy_protocol.ts");
      const claimed = await readProxyHeader(
        this.#socket,
        isInet(local) ? local.transport : "tcp",
      );
      if (claimed) ends = { ...claimed, via: remote };
    }
    const rest = { ...ends, system: this.#system };
    if (!secure) return new SocketDuplex(this.#socket, rest);
    progress.waitingFor = "TLS handshake";
    const { socket, security } = await secure(this.#socket, this.#system);
    const { closesLate, clock } = this.#preparing;
    const onCutOff = closesLate ? cuttingOff(this.#system, clock) : undefined;
    return new SocketDuplex(socket, { ...rest, security, onCutOff });
  }
}

/** The arrival of a TCP connection, whatever is spoken over it, at the address of a listener. */
export function tcpArrival(
  conn: Deno.TcpConn | Deno.TlsConn,
  at: InetAddress,
  preparing: PrepareOptions,
): StreamArrival {
  const ends = addressesOf(conn, at);
  return new StreamArrival(conn, { ends, system: tcpSocket(ends, conn), preparing });
}
