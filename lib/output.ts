/** Writing to stdout, stderr or whatever takes bytes a part at a time. */

/** What bytes are written to: `Deno.stdout`, a `Deno.Conn`. */
export interface Output {
  /** Resolves with the number of bytes taken, which may be fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes all of it. Rejects with whatever the output fails with. */
export async function writeAll(to: Output, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

/** Writes text as UTF-8. */
export function print(to: Output, text: string): Promise<void> {
  return writeAll(to, new TextEncoder().encode(text));
}
