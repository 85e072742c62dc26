/** A socket, a connection and a clock that do what a test says. */
import type { Duplex } from "../../lib/net/duplex.ts";
import { readableFrom, writableTo } from "../../lib/net/streams.ts";
import { concat } from "@std/bytes/concat";

/** A socket that delivers given chunks and then ends or fails, and keeps what is written. */
export class FakeSocket {
  /** What happened to it, in order. */
  readonly events: string[] = [];
  readonly #incoming: Uint8Array[];
  readonly #failure: Error | undefined;
  readonly #outgoing: Uint8Array<ArrayBuffer>[] = [];

  constructor(incoming: readonly Uint8Array[], failure?: Error) {
    this.#incoming = [...incoming];
    this.#failure = failure;
  }

  get written(): Uint8Array<ArrayBuffer> {
    return concat(this.#outgoing);
  }

  async read(into: Uint8Array): Promise<number | null> {
    await Promise.resolve();
    const next = this.#incoming.shift();
    if (!next) {
      if (this.#failure) throw this.#failure;
      return null;
    }
    const length = Math.min(next.length, into.length);
    into.set(next.subarray(0, length));
    if (length < next.length) this.#incoming.unshift(next.subarray(length));
    return length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const length = Math.ceil(bytes.length / 2); // a kernel may take less than it is given
    this.#outgoing.push(bytes.slice(0, length));
    return Promise.resolve(length);
  }

  closeWrite(): Promise<void> {
    this.events.push("closeWrite");
    return Promise.resolve();
  }

  close(): void {
    this.events.push("close");
  }
}

const nowhere = { transport: "tcp", hostname: "127.0.0.1", port: 9 };

/** Both ends of a connection that exists in a test alone. */
export const NOWHERE = { local: nowhere, remote: nowhere };

/** A peer that says what the test has it say, and hands the test what it is told. */
export class FakePeer implements Duplex {
  readonly local = NOWHERE.local;
  readonly remote = NOWHERE.remote;
  readonly framed: boolean;
  readonly traffic = { received: 0, sent: 0, chunks: 0 };
  readonly readable: ReadableStream<Uint8Array> = readableFrom(this);
  readonly writable: WritableStream<Uint8Array> = writableTo(this);
  readonly #onWrite: (chunk: Uint8Array) => void | Promise<void>;
  readonly #chunks: (Uint8Array | null | Error)[] = [];
  #wake = () => {};

  constructor({ framed = false, onWrite }: {
    readonly framed?: boolean;
    readonly onWrite: (chunk: Uint8Array) => void | Promise<void>;
  }) {
    this.framed = framed;
    this.#onWrite = onWrite;
  }

  /** Says this to whoever reads; null is the end of input, and an error what reading fails with. */
  say(chunk: Uint8Array | null | Error): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    const next = this.#chunks.shift()!;
    if (next instanceof Error) throw next;
    return next;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#onWrite(chunk);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  observe(): () => void {
    return () => {};
  }

  close(): void {
    this.say = () => {};
  }

  resetWhenWritten(): Promise<void> {
    this.reset();
    return Promise.resolve();
  }

  reset(): void {
    this.close();
  }
}

/** A clock that stands still until the test advances it. */
export class FakeClock {
  #now = 0;
  #wakes: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(milliseconds: number, wake: () => void): () => void {
    const entry = { at: this.#now + milliseconds, wake };
    this.#wakes.push(entry);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== entry);
    };
  }

  /** Passes 10 microseconds, so that whoever looks at the time again and again sees it move. */
  soon(wake: () => void): void {
    this.after(0.01, wake);
  }

  /** How many wait to be woken. */
  get waiting(): number {
    return this.#wakes.length;
  }

  /** Moves time on while nobody runs. */
  stall(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Moves time on and wakes whom that concerns, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#wakes.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#wakes = this.#wakes.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = end;
  }
}
