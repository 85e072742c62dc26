/** Reading a command line by option tables. */
import { UsageError } from "../core/errors.ts";
import { readArgs } from "./arguments.ts";
import { optionName, type OptionTable, readValue, type Values } from "./options.ts";

/** An option that was given, and its value. */
export interface Occurrence {
  readonly key: string;
  readonly value: unknown;
  /** The value as it was written. */
  readonly text: string;
}

/** A command line, read. */
export interface ParsedOptions {
  /** The values of one of the tables that the command line was read by. */
  of<T extends OptionTable>(table: T): Values<T>;
  /** Every option that was given, in the order of the command line, each time that it was. */
  readonly occurrences: readonly Occurrence[];
  /** The keys of the options that were given. */
  readonly given: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

/** How {@linkcode parseOptions} checks. */
export interface ParseOptionsOptions {
  /** The tables whose options may exclude or need each other; by default all. */
  readonly checked?: readonly OptionTable[];
}

/**
 * Reads a command line by the option tables of all owners. Tables may share an
 * option; two different options under one key are a mistake of the program, which a test finds.
 *
 * @throws {UsageError} for an unknown option, a bad value, or two options that exclude each other
 * @example
 * ```ts
 * import { parseOptions } from "./parse.ts";
 * import { duration, flag } from "./options.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const common = { json: flag({ summary: "JSON output" }) };
 * const draining = { grace: duration({ summary: "how long to drain", initial: 5000 }) };
 * const parsed = await parseOptions([common, draining], ["--grace=2s", ":8080"]);
 * assertEquals(parsed.of(draining), { grace: 2000 });
 * assertEquals(parsed.of(common), { json: false });
 * assertEquals(parsed.positionals, [":8080"]);
 * ```
 */
export async function parseOptions(
  tables: readonly OptionTable[],
  args: readonly string[],
  { checked = tables }: ParseOptionsOptions = {},
): Promise<ParsedOptions> {
  const options = new Map(tables.flatMap((table) => Object.entries(table)));
  // Most command lines have no option, and are spared the time that loading the parser takes.
  const { texts, positionals } = args.some((arg) => arg.startsWith("-"))
    ? await readArgs(options, args)
    : { texts: [], positionals: args };
  const given = new Set(texts.map(({ key }) => key));
  checkTogether(checked, given);
  const occurrences = texts.map(({ key, text }) => ({
    key,
    text,
    value: readValue(text, { label: `Option ${optionName(key)}`, option: options.get(key)! }),
  }));
  const values = new Map([...options].map(([key, { initial }]) => [key, initial]));
  for (const key of given) {
    const all = occurrences.filter((each) => each.key === key).map(({ value }) => value);
    values.set(key, options.get(key)!.repeatable ? all.flat() : all.at(-1)); // the last one counts
  }
  return {
    of: <T extends OptionTable>(table: T) =>
      Object.fromEntries(Object.keys(table).map((key) => [key, values.get(key)])) as Values<T>,
    occurrences,
    given,
    positionals,
  };
}

/**
 * Refuses options that exclude each other, or lack another one that they need.
 *
 * @throws {UsageError} naming both
 */
export function checkTogether(
  tables: readonly OptionTable[],
  given: ReadonlySet<string>,
): void {
  const options = new Map(tables.flatMap((table) => Object.entries(table)));
  for (const key of given) {
    const { excludes = [], needs = [] } = options.get(key) ?? {};
    const other = excludes.find((excluded) => given.has(excluded));
    if (other !== undefined) {
      throw new UsageError(
        `Options ${optionName(key)} and ${optionName(other)} exclude each other; leave one out`,
      );
    }
    const lacking = needs.find((needed) => !given.has(needed));
    if (lacking === undefined) continue;
    throw new UsageError(`Option ${optionName(key)} needs ${optionName(lacking)} as well`);
  }
}
