/** Files that the command line names. */
import { UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { type Option, type OptionDetails, text } from "./options.ts";

/** The content of a file, as bytes. */
export function file(details: OptionDetails): Option<Uint8Array<ArrayBuffer> | undefined> {
  return text({ ...details, placeholder: "FILE", read: readFile });
}

/** The content of a text file. */
export function textFile(details: OptionDetails): Option<string | undefined> {
  return text({ ...details, placeholder: "FILE", read: readTextFile });
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

/**
 * The text of a file that the command line names.
 *
 * @throws {UsageError} when it cannot be read
 */
export function readTextFile(path: string): string {
  return new TextDecoder().decode(readFile(path));
}

/**
 * The entries of a JSON file that is a list, each as `read` has it.
 *
 * @throws {UsageError} naming the file, and the entry that is wrong
 */
export function readJsonList<T>(
  path: string,
  { thing, read }: {
    /** What an entry is called. */
    readonly thing: string;
    readonly read: (entry: unknown) => T;
  },
): T[] {
  let data: unknown;
  try {
    data = JSON.parse(readTextFile(path));
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${path}: ${explain(error)}`);
  }
  if (!Array.isArray(data)) throw new UsageError(`${path}: a list of ${thing}s is needed`);
  return data.map((entry: unknown, index) => {
    try {
      return read(entry);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${path}, ${thing} ${index + 1}: ${error.message}`, error.suggestion);
    }
  });
}
