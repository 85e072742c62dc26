/** The receiving side of UDP: datagrams sorted by the remote that they come from. */
import { type InetAddress, socketAddress } from "../address.ts";
import { NetworkError } from "../errors.ts";
import { datagramPeer, largestDatagram, type ReadsDatagrams } from "./datagrams.ts";
import type { Duplex, Socket } from "./duplex.ts";
import type { Arrival, Listener } from "./transport.ts";

const IDLE = 60_000; // milliseconds of silence that end a remote, which never says goodbye
const MOST_REMOTES = 4096; // then the one that was silent longest makes room
const LONGEST_QUEUE = 256; // datagrams of a remote that wait to be read; further ones are dropped
const LARGEST_QUEUE = 1 << 20; // bytes of the same

// Services that answer whatever they get: an answer to one of them, whose address anybody may have
// forged, could go back and forth for ever (CERT advisory CA-1996-01).
const SERVICE_PORTS: ReadonlySet<number> = new Set([7, 9, 13, 17, 19, 37]);

/** Hands out each remote as it first sends; later datagrams go to the peer that it became. */
export class DatagramListener implements Listener {
  readonly address: InetAddress;
  readonly #conn: Deno.DatagramConn;
  readonly #buffer = new Uint8Array(largestDatagram("::"));
  // By host and port, the one that was silent longest first.
  readonly #remotes = new Map<string, Remote>();
  #latest: Remote | undefined;
  #closed = false;

  constructor(conn: Deno.DatagramConn) {
    this.#conn = conn;
    this.address = socketAddress("udp", conn.addr as Deno.NetAddr);
  }

  async accept(): Promise<Arrival> {
    for (;;) {
      const [view, from] = await this.#conn.receive(this.#buffer);
      const address = from as Deno.NetAddr;
      const key = `${address.hostname} ${address.port}`;
      const known = this.#remotes.get(key);
      if (known) this.#touch(known);
      const remote = known ?? this.#admit(key, address);
      remote.push(view.slice());
      if (!known) return remote;
    }
  }

  /** Takes no more datagrams; remotes get what waits for them, then the end of input. */
  close(): void {
    this.#closed = true;
    for (const remote of this.#remotes.values()) remote.end();
    if (this.#remotes.size === 0) this.#conn.close();
  }

  #admit(key: string, to: Deno.NetAddr): Remote {
    if (this.#remotes.size >= MOST_REMOTES) {
      const [silent] = this.#remotes.values();
      silent!.evict(MOST_REMOTES);
    }
    const remote: Remote = new Remote(key, {
      to,
      conn: this.#conn,
      local: this.address,
      onClose: () => this.#forget(remote),
    });
    this.#remotes.set(key, remote);
    return this.#latest = remote;
  }

  #touch(remote: Remote): void {
    if (remote === this.#latest) return;
    this.#remotes.delete(remote.key);
    this.#remotes.set(remote.key, remote);
    this.#latest = remote;
  }

  #forget(remote: Remote): void {
    // After an eviction its place may be taken.
    if (this.#remotes.get(remote.key) !== remote) return;
    this.#remotes.delete(remote.key);
    if (this.#closed && this.#remotes.size === 0) this.#conn.close();
  }
}

interface RemoteOptions {
  readonly to: Deno.NetAddr;
  readonly conn: Deno.DatagramConn;
  readonly local: InetAddress;
  readonly onClose: () => void;
}

/** One remote: what it has sent and is not read yet, and how much it may be sent. */
class Remote implements Arrival, Socket, ReadsDatagrams {
  readonly key: string;
  readonly local: InetAddress;
  readonly remote: InetAddress;
  readonly idleTimeout = IDLE;
  datagram = new Uint8Array(0);
  readonly #options: RemoteOptions;
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0; // bytes
  // Bytes that came less bytes that went. An answer never exceeds its question: whoever forges a
  // sender's address gains nothing (RFC 4732 section 3.1).
  #credit = 0;
  #over: { readonly error?: Error } | undefined;
  #wake = () => {};

  constructor(key: string, options: RemoteOptions) {
    this.key = key;
    this.#options = options;
    this.local = options.local;
    this.remote = socketAddress("udp", options.to);
  }

  open(): Duplex | Promise<Duplex> {
    const { port } = this.remote;
    if (!SERVICE_PORTS.has(port)) return datagramPeer(this, this);
    this.close();
    return Promise.reject(
      new NetworkError(`datagrams from port ${port}, a service's own, get no answer`),
    );
  }

  push(datagram: Uint8Array<ArrayBuffer>): void {
    const { length } = datagram;
    if (this.#queue.length >= LONGEST_QUEUE || this.#queued + length > LARGEST_QUEUE) return;
    this.#queue.push(datagram);
    this.#queued += length;
    this.#credit += length;
    this.#wake();
  }

  end(error?: Error): void {
    this.#over ??= error ? { error } : {};
    this.#wake();
  }

  evict(most: number): void {
    this.end(new NetworkError(`made room: ${most} remotes are open`));
    this.#options.onClose();
  }

  async read(): Promise<number | null> {
    while (this.#queue.length === 0) {
      if (this.#over?.error) throw this.#over.error;
      if (this.#over) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    this.datagram = this.#queue.shift()!;
    this.#queued -= this.datagram.length;
    return this.datagram.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#credit -= bytes.length;
    if (this.#credit >= 0) return this.#options.conn.send(bytes, this.#options.to);
    return Promise.reject(
      new NetworkError(
        `the answer of ${bytes.length} bytes is withheld: over UDP none is longer than its question`,
      ),
    );
  }

  closeWrite(): Promise<void> {
    return Promise.resolve(); // UDP has no end of input
  }

  close(): void {
    this.end();
    this.#options.onClose();
  }
}
