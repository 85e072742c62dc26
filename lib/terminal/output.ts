/** Stdout, stderr and the terminal that they may be. */
import { writeText } from "../core/io.ts";
import { NetworkError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";

/** The columns of the terminal; 80 where there is none, or it does not say. */
export function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

const MIN_COLUMNS_FOR_16_BYTES = 98; // columns of a line with sixteen bytes, its time and the number of its connection

/** How many bytes a line of a dump has: eight where a person would see sixteen wrapped. */
export function dumpWidth(output: { isTerminal(): boolean }): number {
  return output.isTerminal() && columns() < MIN_COLUMNS_FOR_16_BYTES ? 8 : 16;
}

/** Prints a line on stderr; where nobody reads it, there is nobody left to tell. */
export function say(line: string): Promise<void> {
  return writeText(Deno.stderr, `${line}\n`).catch(() => {});
}

/** Prints something that was asked for, and returns the exit code. A reader may leave early. */
export async function printPage(text: string): Promise<number> {
  try {
    await writeText(Deno.stdout, text);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) {
      throw new NetworkError(`Cannot write to stdout: ${explain(error)}`, { cause: error });
    }
  }
  return 0;
}
