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

const MIN_COLUMNS_FOR_16_BYTES = 98; // with the time and the number of the connection

/** How many bytes a line of a dump has: eight on a terminal where sixteen would wrap. */
export function dumpWidth(output: { isTerminal(): boolean }): number {
  return output.isTerminal() && columns() < MIN_COLUMNS_FOR_16_BYTES ? 8 : 16;
}

/** Prints a line on stderr; a failure is ignored, as it could not be reported. */
export function say(line: string): Promise<void> {
  return writeText(Deno.stderr, `${line}\n`).catch(() => {});
}

/** Prints a page on stdout and returns the exit code. A reader may close the pipe early. */
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
