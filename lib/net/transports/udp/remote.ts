/** One remote that datagrams come from, at the server. */
import { type InetAddress, inZoneOf, socketAddress } from "../../address.ts";
import { memoryBudget } from "../../../core/memory_budget.ts";
import { NetworkError } from "../../../core/errors.ts";
import { datagramPeer, type DatagramSocket } from "./datagrams.ts";
import type { Duplex } from "../../duplex.ts";
import type { Arrival } from "../../transport.ts";

const IDLE_TIMEOUT_MS = 60_000; // without a datagram
const MAX_QUEUED_DATAGRAMS = 256; // of a remote; further ones are dropped
const MAX_QUEUED_BYTES = 1 << 20; // bytes of the same

// Services that answer whatever they get, as do the listeners of this process: an answer to one of
// them, whose address anybody may have forged, could go back and forth for ever (CERT advisory
// CA-1996-01).
const SERVICE_PORTS: ReadonlySet<number> = new Set([7, 9, 13, 17, 19, 37]);

/** The ports on which this process listens for datagrams. */
export class ListeningPorts {
  readonly #listeners = new Map<number, number>();

  has(port: number): boolean {
    return this.#listeners.has(port);
  }

  add(port: number): void {
    this.#listeners.set(port, (this.#listeners.get(port) ?? 0) + 1);
  }

  remove(port: number): void {
    const left = this.#listeners.get(port)! - 1;
    if (left > 0) this.#listeners.set(port, left);
    else this.#listeners.delete(port);
  }
}

/** What a remote needs. */
export interface RemoteOptions {
  readonly to: Deno.NetAddr;
  readonly conn: Pick<Deno.DatagramConn, "send">;
  readonly local: InetAddress;
  /** The ports of the listeners of this process. */
  readonly listeningPorts: Pick<ListeningPorts, "has">;
  /**
   * Bytes that may be answered for each byte received, at any time; without it, an answer may have
   * no more bytes than the last datagram.
   */
  readonly replyFactor: number | undefined;
  readonly onClose: () => void;
}

/** One remote: its datagrams that are not read yet, and how many bytes it may be sent. */
export class Remote implements Arrival, DatagramSocket {
  readonly key: string;
  readonly local: InetAddress;
  readonly remote: InetAddress;
  readonly idleTimeout = IDLE_TIMEOUT_MS;
  datagram = new Uint8Array(0);
  readonly #options: RemoteOptions;
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0; // bytes
  // Bytes that may still be answered. An answer that is no longer than its question does not help
  // those who forge a sender's address (RFC 4732 section 3.1).
  #credit = 0;
  #over: { readonly error?: Error } | undefined;
  #closed = false;
  #wake = () => {};

  constructor(key: string, options: RemoteOptions) {
    this.key = key;
    this.#options = options;
    this.local = options.local;
    this.remote = inZoneOf(options.local, socketAddress("udp", options.to));
  }

  open(): Duplex | Promise<Duplex> {
    const { port } = this.remote;
    const answers = SERVICE_PORTS.has(port) || this.#options.listeningPorts.has(port);
    if (!answers) return datagramPeer(this, this);
    this.close();
    return Promise.reject(
      new NetworkError(`datagrams from port ${port}, a service's own, get no answer`),
    );
  }

  /** Adds a datagram from the remote, unless too many wait. */
  push(datagram: Uint8Array<ArrayBuffer>): void {
    const { length } = datagram;
    const full = this.#queue.length >= MAX_QUEUED_DATAGRAMS ||
      this.#queued + length > MAX_QUEUED_BYTES;
    if (full || memoryBudget.spent) return;
    this.#queue.push(datagram);
    this.#queued += length;
    memoryBudget.take(length);
    this.#wake();
  }

  /** Nothing more will come. */
  end(error?: Error): void {
    this.#over ??= error ? { error } : {};
    this.#wake();
  }

  /** Ends the remote with an error, behind the datagrams that wait. */
  evict(error: Error): void {
    this.end(error);
    this.#options.onClose();
  }

  async read(): Promise<number | null> {
    while (this.#queue.length === 0) {
      if (this.#over?.error) throw this.#over.error;
      if (this.#over) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    this.datagram = this.#queue.shift()!;
    const { length } = this.datagram;
    this.#queued -= length;
    memoryBudget.give(length);
    const { replyFactor } = this.#options;
    if (!replyFactor) this.#credit = length;
    else if (length > 0) this.#credit += replyFactor * length; // Infinity times 0 is NaN
    return length;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("closed"));
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
    this.#closed = true;
    this.end();
    memoryBudget.give(this.#queued);
    this.#queue.length = this.#queued = 0;
    this.#options.onClose();
  }
}
