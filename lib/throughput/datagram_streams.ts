/** Streams of a test over UDP: numbered datagrams, with the time at which they left. */
import { pollSockets } from "../core/runtime.ts";
import type { Duplex } from "../net/duplex.ts";
import { type DataStream, NO_COUNTS, type StreamOptions } from "./data_stream.ts";
import { DatagramTracker } from "./datagram_tracker.ts";
import { Pacer } from "./pacer.ts";
import { PayloadCheck } from "./payload.ts";

// Of the header: seconds and microseconds, of 32 bits each, and a number of 32 or 64.
const NUMBER_AT = 8;
const NARROW_HEADER_BYTES = 12;
const WIDE_HEADER_BYTES = 16;
const SENDS_PER_TURN = 64; // after which other sockets are looked at

/** Sends datagrams at a rate, or as fast as the system takes them. */
export class DatagramSender implements DataStream {
  readonly id: number;
  readonly peer: Duplex;
  readonly sends = true;
  readonly lastByteAt = -Infinity;
  readonly jitterMs = 0;
  readonly #options: StreamOptions;
  #bytes = 0;
  #packets = 0;

  constructor(options: StreamOptions) {
    this.id = options.id;
    this.peer = options.peer;
    this.#options = options;
  }

  get counts(): DataStream["counts"] {
    return { ...NO_COUNTS, bytes: this.#bytes, packets: this.#packets };
  }

  async run(stop: AbortSignal): Promise<void> {
    const { peer, payload, bitsPerSecond, allowance, wideNumbers, clock } = this.#options;
    const { blockBytes } = payload;
    const datagram = payload.block.slice(); // its header is its own
    const header = new DataView(datagram.buffer);
    const pacer = bitsPerSecond ? new Pacer(bitsPerSecond, { clock, stop }) : undefined;
    while (!stop.aborted) {
      // What is left of an allowance may be less than a datagram, which is sent whole.
      if (allowance?.take(blockBytes) === 0) return;
      await pacer?.next(blockBytes);
      if (stop.aborted) return;
      this.#packets++;
      writeTime(header, clock.now());
      if (wideNumbers) header.setBigUint64(NUMBER_AT, BigInt(this.#packets));
      else header.setUint32(NUMBER_AT, this.#packets);
      await peer.write(datagram);
      this.#bytes += blockBytes;
      if (this.#packets % SENDS_PER_TURN === 0) await pollSockets();
    }
  }
}

/** Receives datagrams, and finds out which are missing. */
export class DatagramReceiver implements DataStream {
  readonly id: number;
  readonly peer: Duplex;
  readonly sends = false;
  readonly #options: StreamOptions;
  readonly #tracker = new DatagramTracker();
  readonly #check: PayloadCheck | undefined;
  lastByteAt = -Infinity;
  #bytes = 0;
  #damaged = 0; // bytes of headers that cannot be

  constructor(options: StreamOptions) {
    this.id = options.id;
    this.peer = options.peer;
    this.#options = options;
    this.#check = options.check ? new PayloadCheck(options.payload) : undefined;
  }

  get counts(): DataStream["counts"] {
    const { highest: packets, lost, outOfOrder } = this.#tracker;
    const corrupt = this.#damaged + (this.#check?.corrupt ?? 0);
    return { bytes: this.#bytes, packets, lost, outOfOrder, corrupt };
  }

  get jitterMs(): number {
    return this.#tracker.jitterMs;
  }

  async run(): Promise<void> {
    const { peer } = this.#options;
    for (let chunk = await peer.read(); chunk; chunk = await peer.read()) this.#receive(chunk);
  }

  #receive(datagram: Uint8Array): void {
    const { wideNumbers, clock } = this.#options;
    const headerBytes = wideNumbers ? WIDE_HEADER_BYTES : NARROW_HEADER_BYTES;
    // A shorter one is that which opens the stream, again, or the answer to it.
    if (datagram.length < headerBytes) return;
    const header = new DataView(datagram.buffer, datagram.byteOffset, headerBytes);
    const number = wideNumbers
      ? Number(header.getBigUint64(NUMBER_AT))
      : header.getUint32(NUMBER_AT);
    this.#bytes += datagram.length;
    this.lastByteAt = clock.now();
    const isWhole = this.#tracker.add(number, this.lastByteAt - readTime(header));
    if (!isWhole) this.#damaged += headerBytes;
    this.#check?.check(datagram.subarray(headerBytes), headerBytes);
  }
}

function writeTime(header: DataView, milliseconds: number): void {
  const microseconds = Math.round(milliseconds * 1000);
  header.setUint32(0, Math.floor(microseconds / 1e6));
  header.setUint32(4, microseconds % 1e6);
}

function readTime(header: DataView): number {
  return header.getUint32(0) * 1000 + header.getUint32(4) / 1000;
}
