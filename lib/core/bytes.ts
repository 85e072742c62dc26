/** Bytes put together. */

/**
 * All of the parts, one after the other.
 *
 * @example
 * ```ts
 * import { concat } from "./bytes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(concat([new Uint8Array([1]), new Uint8Array([2, 3])]), new Uint8Array([1, 2, 3]));
 * ```
 */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
