/** A connection whose chunks pass through faults. */
import { delay, turn } from "../core/clock.ts";
import type { Duplex, Observer, ReadInterceptor } from "../net/duplex.ts";
import { readableFrom, writableTo } from "../net/streams.ts";
import { type Direction, type FaultControl, LineChain, type StrikingFault } from "./lines.ts";
import { ReadOutlet, WriteOutlet } from "./line_ends.ts";

const LINGER_MS = 2000; // milliseconds that a peer has to end as well, after a fault has ended
const DROP_MS = 1; // milliseconds that a dropped chunk takes, so that a service does not spin
const RESET = new Deno.errors.ConnectionReset();
const DONE = Promise.resolve();
const PUSHES_PER_TURN = 16; // chunks taken in a row before the event loop turns

/** What a {@linkcode FaultyDuplex} is made with. */
export interface FaultyDuplexOptions {
  /** In the order in which they work on what comes in, and on what goes out. */
  readonly striking: readonly StrikingFault[];
  readonly control: FaultControl;
  /** Called once, when it is closed or reset. */
  readonly onClose?: (() => void) | undefined;
}

/** A peer as its faults leave it. */
export class FaultyDuplex implements Duplex {
  readonly #peer: Duplex;
  readonly #control: FaultControl;
  readonly #onClose: (() => void) | undefined;
  readonly #cancels = new Set<() => void>();
  readonly #in: LineChain;
  readonly #out: LineChain;
  readonly #readEnd = new ReadOutlet();
  readonly #writeEnd: WriteOutlet;
  #reading = false; // ahead of the service; it stays so when the faults have gone
  #writing = false; // behind the service, likewise
  #pushes = 0;
  #closed = false;
  #closing: Promise<void> | undefined; // by a fault
  #discarding = false; // what the service still writes
  readonly #inputEnded = Promise.withResolvers<void>();
  #roomToRead = () => {};
  #roomToWrite = () => {};
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(peer: Duplex, { striking, control, onClose }: FaultyDuplexOptions) {
    this.#peer = peer;
    this.#control = control;
    this.#onClose = onClose;
    this.#writeEnd = new WriteOutlet(peer);
    const common = {
      control,
      began: control.clock.now(),
      framed: peer.framed,
      after: this.#after,
      onFinish: (direction: Direction, fault: string) => {
        const close = () => control.end("close", fault);
        this.#closing ??= this.#close(direction).then(close, () => {});
      },
    };
    this.#in = new LineChain({ ...common, direction: "in", end: this.#readEnd });
    this.#out = new LineChain({ ...common, direction: "out", end: this.#writeEnd });
    peer.interceptReads?.(this.#onChunk);
    this.#in.onRoom = () => this.#roomToRead();
    this.#out.onRoom = () => this.#roomToWrite();
    this.setFaults(striking);
  }

  /** Has other faults strike, from the next chunk on; what was held by those that go is let go. */
  setFaults(striking: readonly StrikingFault[]): void {
    if (!this.#closed) this.#in.setFaults(striking);
    if (!this.#closed) this.#out.setFaults(striking); // a fault of the other direction may close it
  }

  get local(): Duplex["local"] {
    return this.#peer.local;
  }

  get remote(): Duplex["remote"] {
    return this.#peer.remote;
  }

  get via(): Duplex["via"] {
    return this.#peer.via;
  }

  get security(): Duplex["security"] {
    return this.#peer.security;
  }

  get framed(): boolean {
    return this.#peer.framed;
  }

  get traffic(): Duplex["traffic"] {
    return this.#peer.traffic;
  }

  get tcpInfo(): Duplex["tcpInfo"] {
    return this.#peer.tcpInfo;
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= readableFrom(this);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableTo(this);
  }

  observe(observer: Observer): () => void {
    return this.#peer.observe(observer);
  }

  // Neither this nor `write` is an async function: without a fault they are to cost next to nothing.
  read(): Promise<Uint8Array | null> {
    if (this.#in.empty && !this.#reading) {
      const reading = this.#peer.read();
      return this.#peer.interceptReads ? reading : reading.then(this.#onChunk);
    }
    if (!this.#reading) this.#readIn();
    return this.#readEnd.read();
  }

  // What was read.
  readonly #onChunk: ReadInterceptor = (chunk) => {
    if (!chunk) this.#inputEnded.resolve();
    if (this.#reading || this.#in.empty) return chunk;
    // A fault has come since.
    if (chunk) this.#in.push(chunk.slice());
    else this.#in.end();
    if (chunk) this.#readIn();
    else this.#reading = true;
    return this.#readEnd.read();
  };

  write(chunk: Uint8Array): Promise<void> {
    if (this.#discarding) return delay(DROP_MS, { clock: this.#control.clock });
    if (this.#out.empty && !this.#writing) return this.#peer.write(chunk);
    return this.#writeThrough(chunk);
  }

  #writeThrough(chunk: Uint8Array): Promise<void> {
    this.#writing = true;
    const { failure } = this.#writeEnd;
    if (failure) return Promise.reject(failure.error);
    this.#out.push(chunk.slice()); // its buffer is used again
    if (!this.#out.full) return this.#pushed();
    const room = new Promise<void>((resolve) => this.#roomToWrite = resolve);
    return Promise.race([room, this.#writeEnd.passed]);
  }

  async closeWrite(): Promise<void> {
    this.#out.end();
    await this.#writeEnd.passed;
    await this.#closing;
  }

  async resetWhenWritten(): Promise<void> {
    this.#out.end({ error: RESET });
    await this.#writeEnd.passed.catch(() => {}); // the peer is gone
    this.reset(); // whoever watches is to see a reset even so
  }

  close(): void {
    this.#forget();
    this.#peer.close();
  }

  reset(): void {
    this.#forget();
    this.#peer.reset();
  }

  readonly #after = (milliseconds: number, wake: () => void): void => {
    if (this.#closed) return;
    const cancel = this.#control.clock.after(milliseconds, () => {
      this.#cancels.delete(cancel);
      wake();
    });
    this.#cancels.add(cancel);
  };

  #forget(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose?.();
    this.#roomToRead();
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#in.close();
    this.#out.close();
  }

  // Reads ahead of the service, as far as the lines have room.
  async #readIn(): Promise<void> {
    this.#reading = true;
    try {
      for (let chunk = await this.#peer.read(); chunk; chunk = await this.#peer.read()) {
        this.#in.push(chunk.slice()); // its buffer is used again
        if (this.#in.full) await new Promise<void>((resolve) => this.#roomToRead = resolve);
        else await this.#pushed();
      }
      this.#in.end();
    } catch (error) {
      this.#in.end({ error });
    }
    this.#inputEnded.resolve();
  }

  // A fault that drops chunks takes no time for them; other connections are to have their turn.
  #pushed(): Promise<void> {
    return ++this.#pushes % PUSHES_PER_TURN === 0 ? turn(this.#control.clock) : DONE;
  }

  // Behind what a line has let through. Until the peer ends as well, what it sends is discarded: a
  // socket that is closed with bytes unread is reset (RFC 1122 section 4.2.2.13).
  async #close(direction: Direction): Promise<void> {
    if (direction === "in") {
      await this.#readEnd.delivered;
      this.#out.end();
    }
    this.#discarding = true;
    await this.#writeEnd.passed;
    const over = new AbortController();
    this.#inputEnded.promise.then(() => over.abort());
    this.#cancels.add(() => over.abort());
    await delay(LINGER_MS, { clock: this.#control.clock, signal: over.signal });
  }
}
