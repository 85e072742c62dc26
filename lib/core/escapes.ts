/** Bytes as people write them in an argument. */
import { UsageError } from "./errors.ts";

const SIMPLE: ReadonlyMap<string, number> = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["0", 0],
  ["\\", 92],
]);

/**
 * The bytes that a text stands for: UTF-8, with `\n`, `\r`, `\t`, `\0`, `\\` and `\xHH`.
 *
 * @throws {UsageError} for any other escape
 * @example
 * ```ts
 * import { unescape } from "./escapes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unescape("a\\r\\n\\xff"), new Uint8Array([97, 13, 10, 255]));
 * ```
 */
export function unescape(text: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts = text.match(/\\x[\da-f]{2}|\\.|\\$|[^\\]+/gis) ?? [];
  return new Uint8Array(parts.flatMap((part) => {
    if (!part.startsWith("\\")) return [...encoder.encode(part)];
    const byte = part.length === 4 ? parseInt(part.slice(2), 16) : SIMPLE.get(part[1] ?? "");
    if (byte !== undefined) return [byte];
    throw new UsageError(`"${part}" is none of \\n, \\r, \\t, \\0, \\\\ and \\xHH`);
  }));
}
