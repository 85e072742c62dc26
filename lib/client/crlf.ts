/** Line ends of Internet protocols (RFC 5198 section 2). */

const LF = 0x0a;
const CR = 0x0d;

/**
 * Turns each LF of a stream into CR LF, except after a CR.
 *
 * @example
 * ```ts
 * import { CrlfEncoder } from "./crlf.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const encoder = new CrlfEncoder();
 * const encode = (text: string) =>
 *   new TextDecoder().decode(encoder.encode(new TextEncoder().encode(text)));
 * assertEquals(encode("GET / HTTP/1.0\r"), "GET / HTTP/1.0\r");
 * assertEquals(encode("\n\n"), "\n\r\n");
 * ```
 */
export class CrlfEncoder {
  #last = 0;

  /** Converts the next chunk; the result is a copy. */
  encode(chunk: Uint8Array): Uint8Array {
    const converted = new Uint8Array(2 * chunk.length);
    let length = 0;
    for (const byte of chunk) {
      if (byte === LF && this.#last !== CR) converted[length++] = CR;
      converted[length++] = this.#last = byte;
    }
    return converted.subarray(0, length);
  }
}
