/** Writing to stdout, stderr or whatever takes bytes a part at a time. */
import { explain, NetworkError } from "../core/errors.ts";

/** What bytes are written to: `Deno.stdout`, a `Deno.Conn`. */
export interface Output {
  /** Resolves with the number of bytes taken, which may be fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
}

/** What bytes are written to, and whether a person sees them. */
export interface Screen extends Output {
  isTerminal(): boolean;
}

/** The columns of the terminal; 80 where there is none, or it does not say. */
export function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

const WIDE = 98; // columns of a line with sixteen bytes, its time and the number of its connection

/** How many bytes a line of a dump has: eight where a person would see sixteen wrapped. */
export function dumpWidth(output: { isTerminal(): boolean }): number {
  return output.isTerminal() && columns() < WIDE ? 8 : 16;
}

/** Writes all of it. Rejects with whatever the output fails with. */
export async function writeAll(to: Output, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

/** Writes text as UTF-8. */
export function print(to: Output, text: string): Promise<void> {
  return writeAll(to, new TextEncoder().encode(text));
}

/** Prints a line on stderr; where nobody reads it, there is nobody left to tell. */
export function say(line: string): Promise<void> {
  return print(Deno.stderr, `${line}\n`).catch(() => {});
}

/** Prints something that was asked for, and returns the exit code. A reader may leave early. */
export async function printPage(text: string): Promise<number> {
  try {
    await print(Deno.stdout, text);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) {
      throw new NetworkError(`Cannot write to stdout: ${explain(error)}`, { cause: error });
    }
  }
  return 0;
}
