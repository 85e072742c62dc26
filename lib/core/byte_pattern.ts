/** Matching patterns in bytes: each byte becomes a character. */
import { UsageError } from "./errors.ts";

const PIECE = 8192; // bytes that are turned into arguments at a time

/**
 * Bytes as text, one character each. `TextDecoder("latin1")` would decode Windows-1252.
 *
 * @example
 * ```ts
 * import { byteText } from "./byte_pattern.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(byteText(new Uint8Array([0x41, 0x80])), "A\x80");
 * ```
 */
export function byteText(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return text;
}

/**
 * A pattern for bytes: `/regex/` with the flags i, m and s, or a literal text.
 *
 * @throws {UsageError} for a bad regular expression and for an empty text
 */
export function bytePattern(
  text: string,
  { literal }: { literal: (text: string) => Uint8Array },
): RegExp {
  const [, source, flags] = /^\/(.+)\/([ims]*)$/s.exec(text) ?? [];
  if (text === "") throw new UsageError("a text or /regex/ is needed");
  if (source !== undefined) return regularExpression({ text, source, flags });
  return new RegExp(byteText(literal(text)).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
}

function regularExpression(
  { text, source, flags }: { text: string; source: string; flags: string | undefined },
): RegExp {
  try {
    return new RegExp(byteText(new TextEncoder().encode(source)), flags);
  } catch {
    throw new UsageError(`"${text}" is no regular expression`);
  }
}
