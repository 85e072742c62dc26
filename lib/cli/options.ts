/** Command-line options as data: declared once, read by `parse.ts`, described by `help.ts`. */
import { toKebabCase } from "@std/text/to-kebab-case";
import { UsageError } from "../core/errors.ts";
import { parseDuration, writeDuration } from "../core/units.ts";

/** One option. Its key in an {@linkcode OptionTable}, in kebab case, is its name. */
export interface Option<V> {
  /** One line for the help, without the default. */
  readonly summary: string;
  /** A one-letter alias. */
  readonly short?: string;
  /** What stands for the value in the help; absent for a flag, which takes none. */
  readonly placeholder?: string;
  /** The value when the option is not given. */
  readonly initial: V;
  /**
   * The same as the command line would write it, for the help; absent where there is no default.
   */
  readonly defaultText?: string;
  /** Keys of options that cannot be given together with this one. */
  readonly excludes?: readonly string[];
  /** Keys of options that this one requires. */
  readonly needs?: readonly string[];
  /** The words that the value may be, where there are but a few. */
  readonly words?: readonly string[];
  /** Whether it may be given several times; its values are lists, and are joined. */
  readonly repeatable?: boolean;
  /** Reads the value, or throws a {@linkcode UsageError} saying what is needed instead. */
  parse(text: string): V;
}

/** Options by key. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What was read for each option of a table. */
export type Values<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** What an option is declared with, whatever its kind. */
export type OptionDetails = Pick<Option<unknown>, "summary" | "short" | "excludes" | "needs">;
type CountDetails = OptionDetails & { readonly most?: number };
type WithDefault<V> = OptionDetails & { readonly initial: V };

/** The values of options of which none is given. */
export function initialValues<T extends OptionTable>(table: T): Values<T> {
  const entries = Object.entries(table).map(([key, { initial }]) => [key, initial] as const);
  return Object.fromEntries(entries) as Values<T>;
}

/** An option without a value. */
export function flag(details: OptionDetails): Option<boolean> {
  return { ...details, initial: false, parse: readFlag };
}

/** A flag that is on unless it is switched off, by `false`. */
export function switchedOn(details: OptionDetails): Option<boolean> {
  const initial = { initial: true, defaultText: "true" };
  return {
    ...details,
    ...initial,
    placeholder: "true|false",
    words: ["true", "false"],
    parse: readFlag,
  };
}

/** A duration, in milliseconds. */
export function duration(details: WithDefault<number>): Option<number>;
export function duration(details: OptionDetails): Option<number | undefined>;
export function duration(
  details: OptionDetails & { readonly initial?: number },
): Option<number | undefined> {
  const { initial } = details;
  const defaultText = initial === undefined ? {} : { defaultText: writeDuration(initial) };
  return { ...details, ...defaultText, initial, placeholder: "D", parse: parseDuration };
}

/** A duration above zero, in milliseconds. */
export function interval(details: WithDefault<number>): Option<number>;
export function interval(details: OptionDetails): Option<number | undefined>;
export function interval(
  details: OptionDetails & { readonly initial?: number },
): Option<number | undefined> {
  return { ...duration(details), parse: readInterval };
}

/** A whole number of at least 1. */
export function count(details: CountDetails & WithDefault<number>): Option<number>;
export function count(details: CountDetails): Option<number | undefined>;
export function count(
  { most = Number.MAX_SAFE_INTEGER, ...details }: CountDetails & { readonly initial?: number },
): Option<number | undefined> {
  const { initial } = details;
  const defaultText = initial === undefined ? {} : { defaultText: String(initial) };
  return {
    ...details,
    ...defaultText,
    initial,
    placeholder: "N",
    parse: (text) => readCount(text, most),
  };
}

/** One of a few words; the first is the value when the option is not given. */
export function choice<W extends string>(
  words: readonly [W, ...W[]],
  details: OptionDetails,
): Option<W> {
  const parse = (text: string) => {
    const word = words.find((word) => word === text);
    if (word) return word;
    throw new UsageError(`one of ${words.join(", ")} is needed, not "${text}"`, {
      given: text,
      among: words,
    });
  };
  const [initial] = words;
  const placeholder = words.join("|");
  return { ...details, initial, defaultText: initial, placeholder, words, parse };
}

type Named = OptionDetails & { readonly placeholder: string };
type ReadBy<V> = { readonly read: (text: string) => V };
type InitialOf<V> = {
  readonly initial: V;
  /** How the default is written; by default as a string. */
  readonly write?: (initial: V) => string;
};

/** A text, or what `read` makes of it. */
export function text<V>(details: Named & ReadBy<V> & InitialOf<V>): Option<V>;
export function text<V>(details: Named & ReadBy<V>): Option<V | undefined>;
export function text(details: Named): Option<string | undefined>;
export function text<V>(
  details: Named & Partial<ReadBy<V | string> & InitialOf<V>>,
): Option<V | string | undefined> {
  const { read = (text) => text, initial, write = String, ...rest } = details;
  const defaultText = initial === undefined ? {} : { defaultText: write(initial) };
  return { ...rest, ...defaultText, initial, parse: read };
}

/** A list, to which each occurrence of the option adds. */
export function list<V>(details: Named & ReadBy<readonly V[]>): Option<readonly V[]>;
export function list(details: Named): Option<readonly string[]>;
export function list<V>(
  details: Named & Partial<ReadBy<readonly (V | string)[]>>,
): Option<readonly (V | string)[]> {
  const { read = (text) => [text], ...rest } = details;
  return { ...rest, initial: [], repeatable: true, parse: read };
}

/**
 * Reads the value of an option. `label` is what an error calls the option.
 *
 * @throws {UsageError} naming the option, and what is needed
 */
export function readValue<V>(
  text: string,
  { label, option }: { readonly label: string; readonly option: Option<V> },
): V {
  if (text === "") throw new UsageError(`${label} needs a value (${option.placeholder ?? "true"})`);
  try {
    return option.parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${label}: ${error.message}`, error.suggestion);
  }
}

/** The name of an option on the command line: `maxConnections` is `--max-connections`. */
export function optionName(key: string): string {
  return `--${keyName(key)}`;
}

/** The same without dashes, as an endpoint has it: `maxConnections` is `max-connections`. */
export function keyName(key: string): string {
  return toKebabCase(key).replace(/-(?=\d)/g, ""); // ipv4 is one word
}

function readFlag(text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw new UsageError(`true or false is needed, not "${text}"`);
}

function readInterval(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds > 0) return milliseconds;
  throw new UsageError(`a duration above 0 is needed, not "${text}"`);
}

function readCount(text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new UsageError(`a whole number from 1 to ${most} is needed, not "${text}"`);
}
