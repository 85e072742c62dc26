/** The receiving side of UDP: datagrams by the remote that they come from. */
import { type InetAddress, inZoneOf, socketAddress } from "../../address.ts";
import type { DatagramSource } from "../../both_families.ts";
import { NetworkError } from "../../../core/errors.ts";
import { maxDatagramBytes } from "../../datagram_size.ts";
import type { Arrival, Listener } from "../../transport.ts";
import { ListeningPorts, Remote, type RemoteOptions } from "./remote.ts";

const MAX_REMOTES = 4096; // above it, the one that was silent longest is ended

const listeningPorts = new ListeningPorts();

/** Accepts each remote at its first datagram; later ones go to the peer that it became. */
export class DatagramListener implements Listener {
  readonly address: InetAddress;
  readonly #conn: DatagramSource;
  readonly #replyFactor: number | undefined;
  readonly #buffer = new Uint8Array(maxDatagramBytes("::"));
  // By host and port, the one that was silent longest first.
  readonly #remotes = new Map<string, Remote>();
  #latest: Remote | undefined;
  #closed = false;
  #stop = () => {};
  #receiving: Promise<unknown> = Promise.resolve();
  readonly #released = Promise.withResolvers<void>();

  constructor(
    conn: DatagramSource,
    { replyFactor, at }: Pick<RemoteOptions, "replyFactor"> & {
      /** As it was asked for. */
      readonly at: InetAddress;
    },
  ) {
    this.#conn = conn;
    this.#replyFactor = replyFactor;
    this.address = inZoneOf(at, socketAddress("udp", conn.addr as Deno.NetAddr));
    listeningPorts.add(this.address.port);
  }

  // A pending receive ends only with the socket, which open remotes still need.
  accept(): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      this.#stop = () => reject(new Deno.errors.BadResource("closed"));
      this.#receiving = this.#next().then(resolve, reject);
    });
  }

  async #next(): Promise<Arrival> {
    for (;;) {
      const received = await this.#conn.receive(this.#buffer).catch(ignoreUnreachable);
      if (!received) continue;
      const [view, from] = received;
      if (this.#closed) throw new Deno.errors.BadResource("closed");
      const address = from as Deno.NetAddr;
      const key = `${address.hostname} ${address.port}`;
      const known = this.#remotes.get(key);
      if (known) this.#touch(known);
      const remote = known ?? this.#admit(key, address);
      remote.push(view.slice());
      if (!known) return remote;
    }
  }

  /** Accepts no more datagrams; remotes get those that wait, then the end of input. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const remote of this.#remotes.values()) remote.end();
    if (this.#remotes.size === 0) this.#release();
  }

  get released(): Promise<void> {
    return this.#released.promise;
  }

  // The system has the socket until the pending receive has ended as well.
  #release(): void {
    this.#conn.close();
    listeningPorts.remove(this.address.port);
    this.#receiving.then(() => this.#released.resolve());
  }

  #admit(key: string, to: Deno.NetAddr): Remote {
    if (this.#remotes.size >= MAX_REMOTES) {
      const [silent] = this.#remotes.values();
      silent!.evict(new NetworkError(`made room: ${MAX_REMOTES} remotes are open`));
    }
    const remote: Remote = new Remote(key, {
      to,
      conn: this.#conn,
      local: this.address,
      listeningPorts,
      replyFactor: this.#replyFactor,
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
    // After an eviction the key may be another remote's.
    if (this.#remotes.get(remote.key) !== remote) return;
    this.#remotes.delete(remote.key);
    if (this.#closed && this.#remotes.size === 0) this.#release();
  }
}

// Windows tells a receive that an earlier datagram, to whomever, has met a port on which nobody
// listens.
function ignoreUnreachable(error: unknown): undefined {
  if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
}
