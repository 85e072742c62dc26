/** Matching patterns in bytes: each byte becomes a character. */
import { Buffer } from "node:buffer";
import type { RE2JS } from "re2js";
import { UsageError } from "./errors.ts";

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
  return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length);
}

/** The bytes of a text that has one character for each: the inverse of {@linkcode byteText}. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const EXPRESSION = /^\/(.+)\/([ims]*)$/s;

/** Whether a text is read as a `/regex/`, and not as what it says. */
export function isExpression(text: string): boolean {
  return EXPRESSION.test(text);
}

/** A pattern for bytes. */
export interface BytePattern {
  /** The place of the first match in what {@linkcode byteText} returned. */
  find(text: string): { readonly start: number; readonly end: number } | undefined;
}

// RE2 takes time that is linear in the length of the text, whatever a peer sends
// (https://github.com/google/re2/wiki/Syntax). The language's own expressions may take for ever, and
// cannot be interrupted.
let engine: typeof RE2JS | undefined;

class EngineMissing extends Error {}

/**
 * Returns what `read` returns. Where it turns out to need the engine of regular expressions, which
 * takes time to load, that is loaded and `read` is called again.
 */
export async function withPatterns<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    engine = (await import("re2js")).RE2JS;
    return await read();
  }
}

/**
 * A pattern for bytes: a literal text, or `/regex/` in the syntax of RE2 with the flags i, m and s;
 * to be called within {@linkcode withPatterns}.
 *
 * @throws {UsageError} for a bad regular expression and for an empty text
 * @example
 * ```ts
 * import { bytePattern, withPatterns } from "./byte_pattern.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const literal = (text: string) => new TextEncoder().encode(text);
 * const pattern = await withPatterns(() => bytePattern("/o+/", { literal }));
 * assertEquals(pattern.find("food"), { start: 1, end: 3 });
 * assertEquals(bytePattern("x", { literal }).find("food"), undefined);
 * ```
 */
export function bytePattern(
  text: string,
  { literal }: { literal: (text: string) => Uint8Array },
): BytePattern {
  const [, source, flags] = EXPRESSION.exec(text) ?? [];
  if (text === "") throw new UsageError("a text or /regex/ is needed");
  return source === undefined
    ? literalPattern(byteText(literal(text)))
    : regularExpression(text, { source, flags: flags! });
}

/** The pattern of a text that has a character for each byte. */
export function literalPattern(wanted: string): BytePattern {
  return {
    find(text) {
      const start = text.indexOf(wanted);
      return start < 0 ? undefined : { start, end: start + wanted.length };
    },
  };
}

function regularExpression(
  text: string,
  { source, flags }: { readonly source: string; readonly flags: string },
): BytePattern {
  if (!engine) throw new EngineMissing("called outside of withPatterns");
  const bits = { i: engine.CASE_INSENSITIVE, m: engine.MULTILINE, s: engine.DOTALL };
  const chosen = [...flags].reduce((sum, flag) => sum | bits[flag as keyof typeof bits], 0);
  try {
    const bytes = byteText(new TextEncoder().encode(source));
    const expression = engine.compile(engine.translateRegExp(bytes), chosen);
    return {
      find(text) {
        const matcher = expression.matcher(text);
        return matcher.find() ? { start: matcher.start(), end: matcher.end() } : undefined;
      },
    };
  } catch (error) {
    const reason = (error as Error).message.replace("error parsing regexp: ", "");
    throw new UsageError(`"${text}" is no regular expression of RE2: ${reason}`);
  }
}
