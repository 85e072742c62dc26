/** Command-line options as data: declared once, read by `command_line.ts`, described by `help.ts`. */
import { explain, UsageError } from "../core/errors.ts";
import { parseDuration, parseSize } from "../core/units.ts";

/** One option. Its key in an {@linkcode OptionTable}, in kebab case, is its name. */
export interface Option<V> {
  /** One line for the help. */
  readonly summary: string;
  /** A one-letter alias. */
  readonly short?: string;
  /** What stands for the value in the help; absent for a flag, which takes none. */
  readonly placeholder?: string;
  /** The value when the option is not given. */
  readonly initial: V;
  /** Keys of options that cannot be given together with this one. */
  readonly excludes?: readonly string[];
  /** Keys of options without which this one means nothing. */
  readonly needs?: readonly string[];
  /** The words that the value may be, where there are but a few. */
  readonly words?: readonly string[];
  /** Whether it may be given several times; its values are lists, and are joined. */
  readonly repeatable?: boolean;
  /** Reads the value, or throws a {@linkcode UsageError} saying what is needed instead. */
  parse(text: string): V;
}

/** The options of a subcommand, by key. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What was read for each option of a table. */
export type Values<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

type Details = Pick<Option<unknown>, "summary" | "short" | "excludes" | "needs">;

/** The values of options of which none is given. */
export function initialValues<T extends OptionTable>(table: T): Values<T> {
  const entries = Object.entries(table).map(([key, { initial }]) => [key, initial] as const);
  return Object.fromEntries(entries) as Values<T>;
}

/** An option that is there or not. */
export function flag(details: Details): Option<boolean> {
  return { ...details, initial: false, parse: (text) => text !== "false" };
}

/** A duration, in milliseconds. */
export function duration<V extends number | undefined>(
  initial: V,
  details: Details,
): Option<number | V> {
  return { ...details, initial, placeholder: "D", parse: parseDuration };
}

/** A duration that must not be zero, in milliseconds. */
export function interval<V extends number | undefined>(
  initial: V,
  details: Details,
): Option<number | V> {
  const parse = (text: string) => {
    const milliseconds = parseDuration(text);
    if (milliseconds > 0) return milliseconds;
    throw new UsageError(`a duration above 0 is needed, not "${text}"`);
  };
  return { ...details, initial, placeholder: "D", parse };
}

/** A whole number of at least 1. */
export function count(details: Details): Option<number | undefined> {
  return { ...details, initial: undefined, placeholder: "N", parse: parseCount };
}

/** One of a few words; the first is the value when the option is not given. */
export function choice<W extends string>(
  words: readonly [W, ...W[]],
  details: Details,
): Option<W> {
  const parse = (text: string) => {
    const word = words.find((word) => word === text);
    if (word) return word;
    throw new UsageError(`one of ${words.join(", ")} is needed, not "${text}"`, {
      given: text,
      among: words,
    });
  };
  return { ...details, initial: words[0], placeholder: words.join("|"), words, parse };
}

/** Text, as `read` understands it: as it stands unless said otherwise. */
export function text<V = string>(
  details: Details & { readonly placeholder: string; readonly read?: (text: string) => V },
): Option<V | undefined> {
  const { read = (text) => text as V, ...rest } = details;
  return { ...rest, initial: undefined, parse: read };
}

/** A list, of which each time that the option is given brings some. */
export function list<V>(
  details: Details & {
    readonly placeholder: string;
    readonly read: (text: string) => readonly V[];
  },
): Option<readonly V[]> {
  const { read, ...rest } = details;
  return { ...rest, initial: [], repeatable: true, parse: read };
}

const SMALLEST_CAPTURE = 4096; // bytes; a file for each packet is of no use

/** Where connections are kept, as Wireshark reads them. */
export const capturing = {
  capture: text({
    summary:
      "keep every connection in FILE as it was, for Wireshark (pcapng); - is stdout, and what " +
      "goes there otherwise goes to stderr",
    placeholder: "FILE",
  }),
  captureSize: text({
    summary: "begin another file when one has SIZE bytes",
    placeholder: "SIZE",
    read: readCaptureSize,
    needs: ["capture"],
  }),
};

/** What a file holds, as bytes. */
export function file(details: Details): Option<Uint8Array<ArrayBuffer> | undefined> {
  return text({ ...details, placeholder: "FILE", read: readFile });
}

/** What a text file holds. */
export function textFile(details: Details): Option<string | undefined> {
  const read = (path: string) => new TextDecoder().decode(readFile(path));
  return text({ ...details, placeholder: "FILE", read });
}

/**
 * The bytes of a file that the command line names.
 *
 * @throws {UsageError} when it cannot be read
 */
export function readFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${explain(error)}`);
  }
}

/** The name of an option on the command line: `maxConnections` is `--max-connections`. */
export function optionName(key: string): string {
  return `--${kebabCase(key)}`;
}

/** A name as people write it: `acceptFailed` is `accept-failed`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function readCaptureSize(text: string): number {
  const size = parseSize(text);
  if (size >= SMALLEST_CAPTURE) return size;
  throw new UsageError(`a size of at least 4KiB is needed, not "${text}"`);
}

function parseCount(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && Number.isSafeInteger(number)) return number;
  throw new UsageError(
    `a whole number from 1 to ${Number.MAX_SAFE_INTEGER} is needed, not "${text}"`,
  );
}
