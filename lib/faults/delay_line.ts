/** The line that chunks stand in while a fault holds them back. */
import { type Clock, until, wait } from "../core/clock.ts";
import type { Emit } from "./fault.ts";

/** Bytes that a line holds before its source has to wait: a second of latency at 64 MiB/s. */
const MOST = 64 * 1024 * 1024;

const OVERHEAD = 128; // bytes that a chunk takes besides its own
const MANY = 1024; // chunks that have left, and their places are given up

const LATE = 1.2; // milliseconds that a timer is late, at the median
const NEAR = 0.3; // milliseconds by which a chunk may be early

/** What becomes of the chunks of a line: a fault's stage, while it is in force. */
export interface Treatment {
  /** Bytes that the line may hold before its source has to wait; without it, plenty. */
  readonly room?: number | undefined;
  start?(emit: Emit): void;
  chunk(bytes: Uint8Array, emit: Emit): void;
  /** Returns for how long to keep quiet about the end. */
  end?(emit: Emit): number | void;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/**
 * What is written goes through a stage and comes out at the other end. Chunks wait in a queue, each
 * with its moment, so that a delay does not lower the rate; the moments are absolute, so that the
 * errors of timers do not add up.
 *
 * @example
 * ```ts
 * import { Line } from "./delay_line.ts";
 * import { systemClock } from "../core/clock.ts";
 * import { toText } from "@std/streams/to-text";
 * import { assertEquals } from "@std/assert";
 *
 * const twice = new Line({ chunk: (bytes, emit) => [emit(bytes), emit(bytes)] }, systemClock);
 * const text = toText(twice.readable);
 * await ReadableStream.from([new TextEncoder().encode("ab")]).pipeTo(twice.writable);
 * assertEquals(await text, "abab");
 * ```
 */
export class Line {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #clock: Clock;
  readonly #room: number;
  #queue: Held[] = [];
  #next = 0; // in the queue
  #held = 0; // bytes
  #last = 0; // the latest moment in the queue
  #endAt: number | undefined;
  #cutWait = () => {};
  #piped: Promise<void> | undefined;
  #failure: { readonly reason: unknown } | undefined;
  #changed = Promise.withResolvers<void>(); // there is something to read, or an end
  #freed = Promise.withResolvers<void>(); // something has left

  constructor(stage: Treatment, clock: Clock) {
    this.#clock = clock;
    this.#room = stage.room ?? MOST;
    this.readable = new ReadableStream({
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => this.#fail(reason),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream({
      start: () => stage.start?.(this.#emit),
      write: (chunk) => this.#write(chunk, stage),
      close: () => {
        this.#end(clock.now() + (stage.end?.(this.#emit) ?? 0));
        return this.#piped;
      },
      abort: (reason) => this.#fail(reason),
    });
  }

  /** Has what comes out go to a sink. Its writable is closed when the sink is. */
  into(sink: WritableStream<Uint8Array>): WritableStream<Uint8Array> {
    this.#piped = this.readable.pipeTo(sink);
    this.#piped.catch(() => {}); // whoever writes learns of it
    return this.writable;
  }

  readonly #emit = (bytes: Uint8Array, at = 0): void => {
    this.#last = Math.max(this.#last, at);
    this.#queue.push({ bytes, at: this.#last });
    this.#held += bytes.length + OVERHEAD;
    this.#changed.resolve();
  };

  async #write(chunk: Uint8Array, stage: Treatment): Promise<void> {
    if (this.#failure) throw this.#failure.reason;
    if (this.#endAt === undefined) stage.chunk(chunk.slice(), this.#emit); // its buffer is used again
    // What is swallowed is swallowed in no time: others are to have their turn.
    if (this.#held === 0) await new Promise<void>((resolve) => this.#clock.soon(resolve));
    while (this.#held > this.#room && !this.#failure) {
      this.#freed = Promise.withResolvers();
      await this.#freed.promise;
    }
  }

  /**
   * Ends it when what it holds is through; what is written after that is lost. What goes to a sink is
   * told of then; of what is read whoever reads learns by itself.
   */
  finish(tell: () => void): void {
    this.#end(this.#last);
    this.#piped?.then(tell, () => {});
  }

  /** The connection is over: nothing waits any more. */
  close(): void {
    this.#queue = [];
    this.#next = 0;
    this.#fail(new Error("closed"));
    this.#cutWait();
  }

  #end(at: number): void {
    this.#endAt ??= Math.max(this.#last, at);
    this.#changed.resolve();
  }

  #fail(reason: unknown): void {
    this.#failure = { reason };
    this.#changed.resolve();
    this.#freed.resolve();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#next === this.#queue.length && this.#endAt === undefined && !this.#failure) {
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
    const next = this.#take();
    if (next) {
      await this.#reach(next.at);
      this.#held -= next.bytes.length + OVERHEAD;
      this.#freed.resolve();
      return controller.enqueue(next.bytes);
    }
    if (this.#failure) return controller.error(this.#failure.reason);
    await this.#reach(this.#endAt!);
    controller.close();
  }

  // To shift a long array is slow.
  #take(): Held | undefined {
    const next = this.#queue[this.#next];
    if (!next) return undefined;
    if (++this.#next > MANY && 2 * this.#next > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    return next;
  }

  async #reach(moment: number): Promise<void> {
    const left = moment - this.#clock.now();
    if (left <= NEAR) return;
    if (left > LATE) {
      const pause = wait(this.#clock, left - LATE);
      this.#cutWait = pause.cut;
      await pause.over;
    }
    if (!this.#failure) await until(this.#clock, moment - NEAR);
  }
}
