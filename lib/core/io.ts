/** Reading and writing bytes a part at a time, as `Deno.Conn`, `Deno.FsFile` and stdio do. */

/** What bytes are read from. */
export interface Reader {
  /**
   * Resolves with the number of bytes read into the front of `into`, or null at the end of input.
   */
  read(into: Uint8Array): Promise<number | null>;
}

/** What bytes are written to. */
export interface Writer {
  /** Resolves with the number of bytes written, which may be fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
}

/** A {@linkcode Writer} that may be a terminal. */
export interface Screen extends Writer {
  isTerminal(): boolean;
}

/** Writes all of the bytes. Rejects with what the writer fails with. */
export async function writeAll(to: Writer, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

/** Writes text as UTF-8. */
export function writeText(to: Writer, text: string): Promise<void> {
  return writeAll(to, new TextEncoder().encode(text));
}
