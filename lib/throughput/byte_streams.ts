/** Streams of a test over TCP, TLS or a Unix socket. */
import { pollSockets } from "../core/runtime.ts";
import { discardInput } from "../net/pump.ts";
import type { Duplex } from "../net/duplex.ts";
import { type DataStream, NO_COUNTS, type StreamOptions } from "./data_stream.ts";
import { Pacer } from "./pacer.ts";
import { payloadBlock, payloadChunk } from "./payload.ts";

// While a socket takes all that is written, the runtime never looks at the others.
const WRITES_PER_TURN = 4;

/** Sends blocks as fast as they are taken, or at a rate. */
export class ByteSender implements DataStream {
  readonly id: number;
  readonly peer: Duplex;
  readonly sends = true;
  readonly jitterMs = 0;
  readonly #options: StreamOptions;
  readonly #before: number; // bytes that were no part of the test
  #stopped = false;

  constructor(options: StreamOptions) {
    this.id = options.id;
    this.peer = options.peer;
    this.#options = options;
    this.#before = this.peer.traffic.sent;
  }

  get counts(): DataStream["counts"] {
    return { ...NO_COUNTS, bytes: this.peer.traffic.sent - this.#before };
  }

  async run(): Promise<void> {
    await this.#send();
    if (this.#options.endsWithFin) await this.peer.closeWrite();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #send(): Promise<void> {
    const { peer, blockBytes, bitsPerSecond, allowance, clock } = this.#options;
    const chunk = bitsPerSecond ? payloadBlock(blockBytes) : payloadChunk(blockBytes);
    const pacer = bitsPerSecond ? new Pacer(bitsPerSecond, clock) : undefined;
    for (let count = 1; !this.#stopped; count++) {
      const length = allowance?.take(chunk.length) ?? chunk.length;
      if (length === 0) return;
      await pacer?.next(length);
      if (count % WRITES_PER_TURN === 0) await pollSockets();
      if (!this.#stopped) await peer.write(chunk.subarray(0, length));
    }
  }
}

/** Receives, and drops what it has seen. */
export class ByteReceiver implements DataStream {
  readonly id: number;
  readonly peer: Duplex;
  readonly sends = false;
  readonly jitterMs = 0;
  readonly #check: StreamOptions["check"];
  readonly #before: number;
  readonly #first: Uint8Array;

  /** @param first what has come behind the cookie already */
  constructor({ id, peer, check }: StreamOptions, first: Uint8Array) {
    this.id = id;
    this.peer = peer;
    this.#check = check;
    this.#first = first;
    this.#before = peer.traffic.received - first.length;
  }

  get counts(): DataStream["counts"] {
    const bytes = this.peer.traffic.received - this.#before;
    return { ...NO_COUNTS, bytes, corrupt: this.#check?.corrupt ?? 0 };
  }

  async run(): Promise<void> {
    if (!this.#check) return await discardInput(this.peer);
    this.#check.check(this.#first, 0);
    let at = this.#first.length;
    for (let chunk = await this.peer.read(); chunk; chunk = await this.peer.read()) {
      this.#check.check(chunk, at);
      at += chunk.length;
    }
  }

  stop(): void {}
}
