/** Items between commas, as endpoints and faults are written: `HEAD,key=value,key="a,b=c"`. */
import { UsageError } from "../core/errors.ts";
import { endOfQuotes, unquote } from "../core/quotes.ts";
import { type OptionTable, readValue } from "./options.ts";

/** A text that was split into items. */
export interface Items {
  /** The first item as it stands, with its quotes. */
  readonly head: string;
  /** The other items, without quotes. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
}

const NEXT_PAIR = /,(?=[a-z][a-z0-9_-]*=)/g;

/**
 * Splits a text into its items. An item ends at a comma that is followed by `KEY=` and nowhere
 * else, so that commas and equal signs in values need no quotes. A value that begins with `"` goes
 * to the next `"`, whatever is between; in it `\"` and `\\` stand for `"` and `\`.
 *
 * @param headPrefix matches what stands in the head before a value that may be quoted
 * @throws {UsageError} where a quote has no end, or something follows it
 * @example
 * ```ts
 * import { splitItems } from "./items.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { head, pairs } = splitItems('unix:"/tmp/a,b=c"=reply,reply=1,2,name="x,y=z"', /^unix:/);
 * assertEquals(head, 'unix:"/tmp/a,b=c"=reply');
 * assertEquals(pairs, [["reply", "1,2"], ["name", "x,y=z"]]);
 * ```
 */
export function splitItems(text: string, headPrefix: RegExp): Items {
  const prefix = headPrefix.exec(text)?.[0] ?? "";
  const quotedEnd = text[prefix.length] === '"' ? endOfQuotes(text, prefix.length) : prefix.length;
  const headEnd = endOfItem(text, quotedEnd);
  const pairs: [string, string][] = [];
  for (let at = headEnd; at < text.length;) {
    const equals = text.indexOf("=", at);
    const key = text.slice(at + 1, equals);
    const quoted = text[equals + 1] === '"';
    const end = quoted ? endOfQuotes(text, equals + 1) : endOfItem(text, equals + 1);
    if (quoted && end < text.length && endOfItem(text, end) !== end) {
      throw new UsageError(
        `a comma and KEY= are needed after the quotes of ${key}, not "${text.slice(end)}"`,
      );
    }
    const value = text.slice(equals + 1, end);
    pairs.push([key, unquote(value)]);
    at = end;
  }
  return { head: text.slice(0, headEnd), pairs };
}

// The index of the comma before the next KEY=, or of the end of the text.
function endOfItem(text: string, from: number): number {
  NEXT_PAIR.lastIndex = from;
  return NEXT_PAIR.exec(text)?.index ?? text.length;
}

/** How {@linkcode readPairs} reads. */
export interface ReadPairsOptions {
  /** Whose pairs they are, for an error. */
  readonly owner: string;
  readonly table: OptionTable;
  /** How a key of the table is written in a pair; by default as it is. */
  readonly write?: (key: string) => string;
  /** Says why a key is unknown; undefined where there is nothing more to say. */
  readonly hint?: (key: string) => string | undefined;
}

/**
 * Reads pairs by an option table. The values are by key of the table, those alone that were given.
 *
 * @throws {UsageError} for an unknown key, a second value for what is no list, or a bad value
 */
export function readPairs(
  pairs: Items["pairs"],
  { owner, table, write = (key) => key, hint = () => undefined }: ReadPairsOptions,
): Map<string, unknown> {
  const keys = new Map(Object.keys(table).map((key) => [write(key), key]));
  const values = new Map<string, unknown>();
  for (const [name, text] of pairs) {
    const key = keys.get(name);
    if (key === undefined) {
      const said = hint(name);
      if (said) throw new UsageError(`${owner}: ${said}`);
      throw new UsageError(`${owner} has no parameter "${name}"`, {
        given: name,
        among: [...keys.keys()],
      });
    }
    const option = table[key]!;
    if (values.has(key) && !option.repeatable) {
      throw new UsageError(`${owner} has ${name} twice`);
    }
    const value = readValue(text, { label: `${owner}, ${name}`, option });
    const before = values.get(key) as readonly unknown[] | undefined ?? [];
    values.set(key, option.repeatable ? [...before, ...value as readonly unknown[]] : value);
  }
  return values;
}
