/** Reads a command line by an option table. */
import { UsageError } from "../core/errors.ts";
import { NETCAT } from "./nc_hints.ts";
import { type Option, optionName, type OptionTable, type Values } from "./options.ts";

/** A command line, read. */
export interface Parsed<T extends OptionTable> {
  readonly values: Values<T>;
  readonly positionals: readonly string[];
  /** The keys of the options that were given. */
  readonly given: ReadonlySet<string>;
}

/**
 * Reads a command line by its option table.
 *
 * @throws {UsageError} for an unknown option, a bad value, or two options that exclude each other
 * @example
 * ```ts
 * import { parseOptions } from "./parse.ts";
 * import { duration, flag } from "./options.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const table = {
 *   grace: duration(5000, { summary: "how long to drain" }),
 *   json: flag({ summary: "JSON output" }),
 * };
 * const { values, positionals } = await parseOptions(table, ["--grace=2s", ":8080"]);
 * assertEquals(values, { grace: 2000, json: false });
 * assertEquals(positionals, [":8080"]);
 * ```
 */
export async function parseOptions<T extends OptionTable>(
  table: T,
  args: readonly string[],
): Promise<Parsed<T>> {
  // Most command lines have no option, and are spared the time that loading the parser takes.
  const { texts, positionals } = args.some((arg) => arg.startsWith("-"))
    ? await readArgs(table, args)
    : { texts: new Map<string, string[]>(), positionals: args };
  const given = new Set(texts.keys());
  rejectMisfits(table, given);
  const entries = Object.entries(table).map(([key, option]) => {
    const given = texts.get(key);
    return [key, given ? readValues(given, { key, option }) : option.initial] as const;
  });
  return { values: Object.fromEntries(entries) as Values<T>, positionals, given };
}

// The texts given for each option, by key.
async function readArgs(table: OptionTable, args: readonly string[]) {
  const { parseArgs } = await import("@std/cli/parse-args");
  const options = Object.entries(table).map(([key, option]) => ({
    key,
    name: optionName(key),
    ...option,
  }));
  const names = options.map(({ name }) => name.slice(2));
  const parsed = parseArgs(normalise(args, options), { string: [...names, "_"], collect: names });
  const texts = new Map<string, string[]>();
  for (const { key, name, placeholder } of options) {
    const given = parsed[name.slice(2)] as string[] | undefined ?? [];
    if (given.length > 0 && (placeholder || given.at(-1) !== "false")) texts.set(key, given);
  }
  return { texts, positionals: parsed._ };
}

interface Declared {
  readonly name: string;
  readonly short?: string;
  readonly placeholder?: string;
}

// Every option by its long name, and with its value in the same argument: `-q` is `--quiet=true`.
function normalise(args: readonly string[], options: readonly Declared[]): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const normal: string[] = [];
  for (let at = 0; at < end; at++) {
    const arg = args[at]!;
    if (!/^-./s.test(arg)) {
      normal.push(arg);
      continue;
    }
    for (const { name, placeholder } of named(arg, options)) {
      const value = /=(.*)/s.exec(arg)?.[1];
      const next = args[at + 1] ?? "";
      if (!placeholder) normal.push(`${name}=${flagValue(name, value)}`);
      else if (value !== undefined) normal.push(`${name}=${value}`);
      // A value may be a negative number, for its parser to refuse, but not another option.
      else if (at + 1 < end && !/^-\D/.test(next)) normal.push(`${name}=${args[++at]}`);
      else normal.push(`${name}=`);
    }
  }
  return [...normal, ...args.slice(end)];
}

// The options that an argument stands for: one by its long name, or several by their letters.
function named(arg: string, options: readonly Declared[]): Declared[] {
  const given = arg.replace(/=.*/s, "");
  const long = given.startsWith("--");
  const find = (wanted: string) =>
    options.find(({ name, short }) => wanted === (long ? name : short));
  const found = (long ? [given] : given.slice(1).split("")).map(find);
  if (found.every((option) => option !== undefined)) return found;
  if (long) {
    throw new UsageError(`Unknown option ${given}`, {
      given,
      among: options.map(({ name }) => name),
    });
  }
  const advice = NETCAT[given.slice(1)];
  throw new UsageError(`Unknown option ${given}${advice ? `: ${advice}` : ""}`);
}

function flagValue(name: string, value: string | undefined): string {
  if (value === undefined || value === "true" || value === "false") return value ?? "true";
  throw new UsageError(`Option ${name} is a flag and takes no value, not "${value}"`);
}

interface Reading {
  readonly key: string;
  readonly option: Option<unknown>;
}

// Of an option given twice the last value counts, unless it is one to repeat.
function readValues(texts: readonly string[], reading: Reading): unknown {
  if (!reading.option.repeatable) return readValue(texts.at(-1)!, reading);
  return texts.flatMap((text) => readValue(text, reading));
}

function readValue(text: string, { key, option }: Reading): unknown {
  const name = optionName(key);
  if (text === "") throw new UsageError(`Option ${name} needs a value (${option.placeholder})`);
  try {
    return option.parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`Option ${name}: ${error.message}`, error.suggestion);
  }
}

function rejectMisfits(table: OptionTable, given: ReadonlySet<string>): void {
  for (const key of given) {
    const { excludes = [], needs = [] } = table[key]!;
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
