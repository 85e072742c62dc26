/** The classic hex dump: sixteen bytes a line, offset, hex and ASCII. */

const WIDTH = 16;
/** Every byte as two hex digits. */
export const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);
const ASCII = Array.from(
  { length: 256 },
  (_, byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
);

/**
 * The lines of a dump, the first at `offset` bytes into its stream.
 *
 * @example
 * ```ts
 * import { hexdump } from "./hexdump.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hexdump(new TextEncoder().encode("hi\n"), 16), [
 *   "00000010  68 69 0a                                          |hi.|",
 * ]);
 * ```
 */
export function hexdump(bytes: Uint8Array, offset: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    lines.push(dumpLine(bytes.subarray(at, at + WIDTH), offset + at));
  }
  return lines;
}

function dumpLine(row: Uint8Array, offset: number): string {
  let hex = "";
  let ascii = "";
  for (let column = 0; column < row.length; column++) {
    const byte = row[column]!;
    hex += (column === WIDTH / 2 ? "  " : " ") + HEX[byte];
    ascii += ASCII[byte];
  }
  return `${offset.toString(16).padStart(8, "0")} ${hex.padEnd(3 * WIDTH + 1)}  |${ascii}|`;
}
