/** The sending side of UDP: datagrams to one remote and back. */
import { formatAddress, type InetAddress, socketAddress } from "../../address.ts";
import type { Clock } from "../../../core/clock.ts";
import { NetworkError } from "../../../core/errors.ts";
import { DatagramBuffers } from "./datagram_buffers.ts";
import { datagramPeer, type DatagramSocket } from "./datagrams.ts";
import { maxDatagramBytes } from "../../datagram_size.ts";
import type { Duplex } from "../../duplex.ts";
import { SystemSocket } from "../../linux/system_socket.ts";

// When to check, after a datagram, whether it could not be delivered.
const CHECK_UNREACHABLE_AFTER_MS = [0, 5, 50, 250, 700];

const buffers = new DatagramBuffers();

/** A peer for one remote; datagrams from others are ignored. */
export function datagramClient(
  to: InetAddress,
  { conn, clock }: { conn: Deno.DatagramConn; clock: Clock },
): Duplex {
  const local = socketAddress("udp", conn.addr as Deno.NetAddr);
  const icmp = connectedSocket(local, to);
  const socket = new DatagramClient({ to, conn, clock, icmp });
  return datagramPeer(socket, { local: icmp?.local ?? local, remote: to });
}

// ICMP "port unreachable" is reported to a connected UDP socket alone (RFC 1122 section 4.1.3.3). The
// runtime never connects one.
function connectedSocket(local: InetAddress, to: InetAddress): SystemSocket | undefined {
  if (to.hostname.includes("%")) return undefined; // a zone would have to be given by its number
  const system = new SystemSocket({ type: "udp", local });
  return system.connect(to) ? system : undefined;
}

interface DatagramClientOptions {
  readonly to: InetAddress;
  readonly conn: Deno.DatagramConn;
  readonly clock: Clock;
  /** Tells of ICMP errors, where the system can. */
  readonly icmp: SystemSocket | undefined;
}

class DatagramClient implements DatagramSocket {
  datagram = new Uint8Array(0);
  readonly #talking: DatagramClientOptions;
  readonly #address: Deno.NetAddr;
  #buffer: Uint8Array<ArrayBuffer> | undefined = buffers.take();
  #failure: Error | undefined;
  #stopAsking = () => {};
  #closed = false;

  constructor(talking: DatagramClientOptions) {
    const { hostname, port } = talking.to;
    this.#talking = talking;
    this.#address = { transport: "udp", hostname, port };
  }

  async read(): Promise<number> {
    const { conn, to } = this.#talking;
    for (;;) {
      const [view, from] = await conn.receive(this.#buffer).catch((error) => {
        // As Windows tells that a datagram has met a port on which nobody listens.
        if (error instanceof Deno.errors.ConnectionReset) this.#fail();
        this.#giveBuffer();
        throw this.#failure ?? error;
      });
      const { hostname, port } = socketAddress("udp", from as Deno.NetAddr);
      if (port !== to.port || hostname !== to.hostname) continue;
      this.#stopAsking();
      this.datagram = view;
      return view.length;
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#failure) throw this.#failure;
    const { conn, to } = this.#talking;
    try {
      const sent = await conn.send(bytes.subarray(0, maxDatagramBytes(to.hostname)), this.#address);
      this.#ask(0);
      return sent;
    } catch (error) {
      // ICMP told of an earlier datagram.
      if (error instanceof Deno.errors.ConnectionRefused) this.#fail();
      throw this.#failure ?? error;
    }
  }

  closeWrite(): Promise<void> {
    return Promise.resolve(); // UDP has no end of input
  }

  close(): void {
    this.#stopAsking();
    if (this.#closed) return;
    this.#closed = true;
    this.#talking.conn.close();
  }

  // Only when nobody can be using it any more: a receive was under way, and its socket is closed.
  #giveBuffer(): void {
    if (!this.#closed || !this.#buffer) return;
    buffers.give(this.#buffer);
    this.#buffer = undefined;
  }

  #ask(turn: number): void {
    const { icmp, clock } = this.#talking;
    const delay = CHECK_UNREACHABLE_AFTER_MS[turn];
    this.#stopAsking();
    if (!icmp || delay === undefined || this.#closed) return;
    this.#stopAsking = clock.after(
      delay,
      () => icmp.wasRefused() ? this.#fail() : this.#ask(turn + 1),
    );
  }

  // Closing the socket ends a pending receive.
  #fail(): void {
    this.#failure = new NetworkError(
      `Nobody listens on ${formatAddress(this.#talking.to)}: port unreachable`,
    );
    this.close();
  }
}
