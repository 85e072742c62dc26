/** The body of an answer, written as it is read. */
import type { Writer } from "../core/io.ts";

/**
 * A stream for one reader; a write waits until the reader asks for more.
 *
 * @example
 * ```ts
 * import { ReaderStream } from "./reader_stream.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = new ReaderStream();
 * const writing = stream.write(new Uint8Array([1, 2]));
 * const { value } = await stream.readable.getReader().read();
 * assertEquals([value, await writing], [new Uint8Array([1, 2]), 2]);
 * ```
 */
export class ReaderStream implements Writer {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #gone = Promise.withResolvers<void>();
  #asked = Promise.withResolvers<void>();
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor() {
    this.readable = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#asked.resolve(),
      cancel: () => {
        this.#refuse(new Deno.errors.BrokenPipe("its reader has gone"));
        this.#gone.resolve();
      },
    }, { highWaterMark: 0 });
  }

  /** Resolves when the reader has gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Rejects when the reader has gone, or the stream was cut short. */
  async write(bytes: Uint8Array): Promise<number> {
    await this.#asked.promise;
    this.#asked = Promise.withResolvers();
    this.#controller.enqueue(bytes.slice());
    return bytes.length;
  }

  /** Ends the stream. */
  end(): void {
    this.#controller.close();
  }

  /** Ends the stream as one that is not whole. */
  cutShort(reason: string): void {
    this.#controller.error(reason);
    this.#refuse(new Error(reason));
  }

  #refuse(error: Error): void {
    this.#asked.promise.catch(() => {}); // nobody may be writing
    this.#asked.reject(error);
  }
}
