/** Streams of a test over TCP, TLS or a Unix socket. */
import { bulkGate } from "../net/bulk_gate.ts";
import type { Duplex } from "../net/duplex.ts";
import { type DataStream, NO_COUNTS, type StreamOptions } from "./data_stream.ts";
import { Pacer } from "./pacer.ts";
import { PayloadCheck } from "./payload.ts";

const PIECES_PER_SECOND = 100;
const MIN_PACED_BYTES = 1024;

/** Sends blocks as fast as they are taken, or at a rate. */
export class ByteSender implements DataStream {
  readonly id: number;
  readonly peer: Duplex;
  readonly sends = true;
  readonly lastByteAt = -Infinity;
  readonly jitterMs = 0;
  readonly #options: StreamOptions;
  readonly #before: number; // bytes that were no part of the test

  constructor(options: StreamOptions) {
    this.id = options.id;
    this.peer = options.peer;
    this.#options = options;
    this.#before = this.peer.traffic.sent;
  }

  get counts(): DataStream["counts"] {
    return { ...NO_COUNTS, bytes: this.peer.traffic.sent - this.#before };
  }

  async run(stop: AbortSignal): Promise<void> {
    await this.#send(stop);
    if (!this.#options.endsWithFin) return;
    // One that has sent all it may is not over before the test is.
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve));
    await this.peer.closeWrite();
  }

  async #send(stop: AbortSignal): Promise<void> {
    const { peer, payload, bitsPerSecond, allowance, clock } = this.#options;
    const chunk = bitsPerSecond ? payload.block : payload.chunk;
    const most = bitsPerSecond ? pacedBytes(bitsPerSecond) : chunk.length;
    const pacer = bitsPerSecond ? new Pacer(bitsPerSecond, { clock, stop }) : undefined;
    for (let at = 0; !stop.aborted;) {
      const wanted = Math.min(most, chunk.length - at);
      const length = allowance?.take(wanted) ?? wanted;
      if (length === 0) return;
      await pacer?.next(length);
      await bulkGate.pass(length);
      if (!stop.aborted) await peer.write(chunk.subarray(at, at + length));
      at = (at + length) % chunk.length;
    }
  }
}

// A block may be more than a second's worth: smaller pieces keep to the rate more evenly.
function pacedBytes(bitsPerSecond: number): number {
  return Math.max(MIN_PACED_BYTES, Math.floor(bitsPerSecond / 8 / PIECES_PER_SECOND));
}

/** Receives, and drops what it has seen. */
export class ByteReceiver implements DataStream {
  readonly id: number;
  readonly peer: Duplex;
  readonly sends = false;
  readonly jitterMs = 0;
  lastByteAt = -Infinity;
  readonly #options: StreamOptions;
  readonly #check: PayloadCheck | undefined;
  readonly #before: number;
  readonly #first: Uint8Array;

  /** @param first what has come behind the cookie already */
  constructor(options: StreamOptions, first: Uint8Array) {
    this.id = options.id;
    this.peer = options.peer;
    this.#options = options;
    this.#check = options.check ? new PayloadCheck(options.payload) : undefined;
    this.#first = first;
    this.#before = this.peer.traffic.received - first.length;
  }

  get counts(): DataStream["counts"] {
    const bytes = this.peer.traffic.received - this.#before;
    return { ...NO_COUNTS, bytes, corrupt: this.#check?.corrupt ?? 0 };
  }

  async run(): Promise<void> {
    const { clock } = this.#options;
    let at = 0;
    for (let chunk: Uint8Array | null = this.#first; chunk; chunk = await this.peer.read()) {
      this.#check?.check(chunk, at);
      at += chunk.length;
      this.lastByteAt = clock.now();
    }
  }
}
