/** The last outlet of a direction: what a service reads, or what is written to the peer. */
import type { Duplex } from "../net/duplex.ts";
import type { Ending, Outlet } from "./outlet.ts";

const CLOSED: Ending = { error: new Deno.errors.Interrupted("closed") };

/** The end of the incoming direction: whoever reads gets the chunks. */
export class ReadOutlet implements Outlet {
  onRoom = (): void => {};
  #chunk: Uint8Array | undefined;
  #ending: Ending | undefined;
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined;
  readonly #delivered = Promise.withResolvers<void>();

  /** Resolves when the end of input has been read. */
  get delivered(): Promise<void> {
    return this.#delivered.promise;
  }

  get full(): boolean {
    return this.#chunk !== undefined;
  }

  push(chunk: Uint8Array): void {
    const reader = this.#takeReader();
    if (reader) reader.resolve(chunk);
    else this.#chunk = chunk;
  }

  end(ending: Ending = {}): void {
    this.#ending ??= ending;
    this.#takeReader()?.resolve(this.#tellEnding());
  }

  close(): void {
    this.#chunk = undefined;
    this.end(CLOSED);
  }

  /**
   * The next chunk, or null at the end of input. Rejects with the error of the ending. One call at a
   * time.
   */
  read(): Promise<Uint8Array | null> {
    const chunk = this.#chunk;
    if (chunk) {
      this.#chunk = undefined;
      this.onRoom();
      return Promise.resolve(chunk);
    }
    if (this.#ending) return this.#tellEnding();
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  #takeReader(): PromiseWithResolvers<Uint8Array | null> | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  #tellEnding(): Promise<null> {
    this.#delivered.resolve();
    const { error } = this.#ending!;
    return error === undefined ? Promise.resolve(null) : Promise.reject(error);
  }
}

/** What a {@linkcode WriteOutlet} does to the peer. */
export type WriteEnd = Pick<Duplex, "write" | "closeWrite" | "reset">;

/** The end of the outgoing direction: chunks are written to the peer, then FIN or RST is sent. */
export class WriteOutlet implements Outlet {
  onRoom = (): void => {};
  readonly #writer: WriteEnd;
  readonly #passed = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #writing = false;

  constructor(writer: WriteEnd) {
    this.#writer = writer;
    this.#passed.promise.catch(() => {}); // whoever writes learns of it
  }

  get full(): boolean {
    return this.#writing;
  }

  /**
   * Resolves when everything has been written and the peer has its FIN or RST; rejects when writing
   * fails.
   */
  get passed(): Promise<void> {
    return this.#passed.promise;
  }

  /** What writing has failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  push(chunk: Uint8Array): void {
    this.#writing = true;
    this.#writer.write(chunk).then(this.#onWritten, this.#fail);
  }

  end({ error }: Ending = {}): void {
    if (this.#failure) return;
    if (error === undefined) {
      this.#writer.closeWrite().then(this.#passed.resolve, this.#fail);
    } else {
      this.#writer.reset();
      this.#passed.resolve();
    }
  }

  close(): void {
    this.#fail(CLOSED.error);
  }

  readonly #fail = (error: unknown): void => {
    this.#failure ??= { error };
    this.#passed.reject(error);
  };

  readonly #onWritten = (): void => {
    this.#writing = false;
    this.onRoom();
  };
}
