/** Turning pushed bytes into reads. */

/** A queue of chunks, read like a socket: to the end, or to a failure after what came before. */
export class Inbox {
  #chunks: Uint8Array[] = [];
  #over: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** Whether a read would have to wait. */
  get empty(): boolean {
    return this.#chunks.length === 0 && !this.#over;
  }

  /** Whether a read waits. */
  get awaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Adds a chunk, which must not change any more. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** Nothing more will come. */
  end(): void {
    this.#over ??= {};
    this.#wake?.();
  }

  /** Nothing more will come, because of an error. */
  fail(error: unknown): void {
    this.#over ??= { error };
    this.#wake?.();
  }

  /** Resolves with how many bytes were read, or null at the end. One reader at a time. */
  async read(into: Uint8Array): Promise<number | null> {
    while (this.empty) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#wake = undefined;
    const chunk = this.#chunks.shift();
    if (!chunk) {
      if (this.#over && "error" in this.#over) throw this.#over.error;
      return null;
    }
    const length = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, length));
    if (length < chunk.length) this.#chunks.unshift(chunk.subarray(length));
    return length;
  }
}
