/** Reading a command line by option tables. */
import { UsageError } from "../core/errors.ts";
import { hintFor } from "./nc_hints.ts";
import { type Option, optionName, type OptionTable, readValue, type Values } from "./options.ts";

/** An option that was given, and its value. */
export interface Occurrence {
  readonly key: string;
  readonly value: unknown;
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

interface DeclaredOption {
  readonly key: string;
  /** With its dashes. */
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

interface GivenText {
  readonly key: string;
  readonly text: string;
}

async function readArgs(options: ReadonlyMap<string, Option<unknown>>, args: readonly string[]) {
  const { parseArgs } = await import("@std/cli/parse-args");
  const declared = [...options].map(([key, { short, placeholder }]) => ({
    key,
    name: optionName(key),
    short,
    takesValue: placeholder !== undefined,
  }));
  const names = declared.map(({ name }) => name.slice(2));
  const { texts, rest } = normalise(args, declared);
  // What is left to find are the positionals, among options that all have their values attached.
  const { _: positionals } = parseArgs(rest, { string: [...names, "_"], collect: names });
  // A flag that is taken back, as in --quiet=false, was not given.
  const last = new Map(texts.map(({ key, text }) => [key, text]));
  const flags = new Set(declared.filter(({ takesValue }) => !takesValue).map(({ key }) => key));
  return {
    texts: texts.filter(({ key }) => !flags.has(key) || last.get(key) !== "false"),
    positionals,
  };
}

// Every option by its long name and with its value attached: `-q` is `--quiet=true`.
function normalise(
  args: readonly string[],
  declared: readonly DeclaredOption[],
): { readonly texts: GivenText[]; readonly rest: string[] } {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const texts: GivenText[] = [];
  const rest: string[] = [];
  for (let at = 0; at < end; at++) {
    const arg = args[at]!;
    if (!/^-./s.test(arg)) {
      rest.push(arg);
      continue;
    }
    const attached = /=(.*)/s.exec(arg)?.[1];
    for (const { key, name, takesValue, glued } of optionsOf(arg, declared)) {
      let text = glued ?? attached;
      if (!takesValue) text = flagText(name, attached);
      // A value may be a negative number, for its reader to refuse, but not another option.
      else if (text === undefined && at + 1 < end && !/^-\D/.test(args[at + 1]!)) text = args[++at];
      texts.push({ key, text: text ?? "" });
      rest.push(`${name}=${text ?? ""}`);
    }
  }
  return { texts, rest: [...rest, ...args.slice(end)] };
}

interface GivenOption extends DeclaredOption {
  /** The value that follows its letter in the same argument, as in `-c3`. */
  readonly glued?: string;
}

// The options that an argument stands for: one by its long name, or several by their letters.
function optionsOf(arg: string, declared: readonly DeclaredOption[]): readonly GivenOption[] {
  const given = arg.replace(/=.*/s, "");
  if (!given.startsWith("--")) return lettersOf(arg, declared);
  const found = declared.find(({ name }) => name === given);
  if (found) return [found];
  const hint = hintFor(given, () => false);
  if (hint) throw new UsageError(`Unknown option ${given}: ${hint}`);
  throw new UsageError(`Unknown option ${given}`, {
    given,
    among: declared.map(({ name }) => name),
  });
}

function lettersOf(arg: string, declared: readonly DeclaredOption[]): readonly GivenOption[] {
  const find = (letter: string) => declared.find(({ short }) => short === letter);
  const found: GivenOption[] = [];
  for (let at = 1; at < arg.length && arg[at] !== "="; at++) {
    const option = find(arg[at]!);
    if (!option) {
      const hint = hintFor(arg, (letter) => find(letter) !== undefined);
      throw new UsageError(`Unknown option ${arg.replace(/=.*/s, "")}${hint ? `: ${hint}` : ""}`);
    }
    const rest = arg.slice(at + 1);
    if (option.takesValue && rest !== "" && !rest.startsWith("=")) {
      return [...found, { ...option, glued: rest }];
    }
    found.push(option);
  }
  if (found.length > 0) return found;
  throw new UsageError(`Unknown option ${arg}`);
}

function flagText(name: string, value: string | undefined): string {
  if (value === undefined || value === "true" || value === "false") return value ?? "true";
  throw new UsageError(`Option ${name} is a flag and takes no value, not "${value}"`);
}
