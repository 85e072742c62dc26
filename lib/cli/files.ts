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
