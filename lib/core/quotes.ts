/** Quotes around a text that would be cut, or taken for something else, without them. */
import { UsageError } from "./errors.ts";

/**
 * Puts a text into double quotes; `"` and `\` in it are escaped.
 *
 * @example
 * ```ts
 * import { quote, unquote } from "./quotes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(quote('a "b"'), '"a \\"b\\""');
 * assertEquals(unquote(quote('a "b"')), 'a "b"');
 * assertEquals(unquote("as it stands"), "as it stands");
 * ```
 */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * The inverse of {@linkcode quote}: a text that does not begin with a quote stays as it is. Only
 * `\"` and `\\` are escapes.
 *
 * @throws {UsageError} where the quote has no end, or the text goes on after it
 */
export function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const end = endOfQuotes(text, 0);
  if (end < text.length) throw new UsageError(`nothing may follow the quotes in ${text}`);
  return text.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

/**
 * The index behind the quote that ends what begins with one at `from`.
 *
 * @throws {UsageError} where there is none
 */
export function endOfQuotes(text: string, from: number): number {
  const [quoted] = /^"(?:[^"\\]|\\[^])*"/.exec(text.slice(from)) ?? [];
  if (quoted !== undefined) return from + quoted.length;
  throw new UsageError(`the quote in ${text.slice(from)} has no end`);
}
