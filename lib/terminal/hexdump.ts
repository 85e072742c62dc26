/**
 * The classic hex dump: sixteen bytes a line, or as many as there is room for; offset, hex and
 * ASCII.
 */

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
 * assertEquals(hexdump(new TextEncoder().encode("hi\n"), { offset: 16 }), [
 *   "00000010  68 69 0a                                          |hi.|",
 * ]);
 * ```
 */
export function hexdump(
  bytes: Uint8Array,
  { offset, width = WIDTH }: { readonly offset: number; readonly width?: number },
): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += width) {
    lines.push(dumpLine(bytes.subarray(at, at + width), { offset: offset + at, width }));
  }
  return lines;
}

function dumpLine(row: Uint8Array, { offset, width }: { offset: number; width: number }): string {
  let hex = "";
  let ascii = "";
  for (let column = 0; column < row.length; column++) {
    const byte = row[column]!;
    hex += (column === width / 2 ? "  " : " ") + HEX[byte];
    ascii += ASCII[byte];
  }
  return `${offset.toString(16).padStart(8, "0")} ${hex.padEnd(3 * width + 1)}  |${ascii}|`;
}
