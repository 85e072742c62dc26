/** The sending side of UDP: datagrams to one remote and back. */
import { formatAddress, type InetAddress, inZoneOf, socketAddress } from "../../address.ts";
import type { Clock } from "../../../core/clock.ts";
import { NetworkError } from "../../../core/errors.ts";
import { DatagramBuffers } from "./datagram_buffers.ts";
import { datagramPeer, type DatagramSocket } from "./datagrams.ts";
import { maxDatagramBytes } from "../../datagram_size.ts";
import { type StrayCounts, Strays } from "../../strays.ts";
import type { Duplex } from "../../duplex.ts";
import { SystemSocket } from "../../linux/system_socket.ts";

// When to check, after a datagram, whether it could not be delivered.
const CHECK_UNREACHABLE_AFTER_MS = [0, 5, 50, 250, 700];

const buffers = new DatagramBuffers();

/** A peer for one remote; datagrams from others are counted. */
export function datagramClient(
  to: InetAddress,
  { conn, clock }: { conn: Deno.DatagramConn; clock: Clock },
): Duplex {
  const local = inZoneOf(to, socketAddress("udp", conn.addr as Deno.NetAddr));
  const system = new SystemSocket({ type: "udp", local });
  // A connected socket would hear nothing from others, who may be those that answer.
  const icmp = system.reportUnreachable() ? system : undefined;
  const socket = new DatagramClient({ to, conn, clock, icmp });
  const everywhere = ["0.0.0.0", "::"].includes(local.hostname);
  const hostname = (everywhere && sourceFor(to)) || local.hostname;
  return datagramPeer(socket, { local: { ...local, hostname }, remote: to });
}

// The address that the system sends from: that of a socket that is connected to the remote.
function sourceFor(to: InetAddress): string | undefined {
  if (to.hostname.includes("%")) return undefined; // a zone would have to be given by its number
  const hostname = to.hostname.includes(":") ? "::" : "0.0.0.0";
  let conn: Deno.DatagramConn;
  try {
    conn = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  } catch {
    return undefined; // no descriptor is free for it
  }
  try {
    const local = socketAddress("udp", conn.addr as Deno.NetAddr);
    return new SystemSocket({ type: "udp", local }).connect(to)?.hostname;
  } finally {
    conn.close();
  }
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
  readonly #strays = new Strays();
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

  get strays(): StrayCounts {
    return this.#strays.counts;
  }

  async read(): Promise<number> {
    const { conn, to } = this.#talking;
    for (;;) {
      const [view, from] = await conn.receive(this.#buffer).catch((error) => {
        // A datagram has met a port on which nobody listens; Windows calls that a reset.
        if (isUnreachable(error)) this.#fail();
        this.#giveBuffer();
        throw this.#failure ?? error;
      });
      const sender = inZoneOf(to, socketAddress("udp", from as Deno.NetAddr));
      if (sender.port !== to.port || sender.hostname !== to.hostname) {
        this.#strays.add(sender);
        continue;
      }
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
      if (isUnreachable(error)) this.#fail();
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

function isUnreachable(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionRefused;
}
