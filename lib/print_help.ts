/** Prints a help page as wide as the terminal, within reason. */
import { type HelpPage, renderHelp } from "./help.ts";

const WIDEST = 100; // columns; longer lines are hard to read

/** Writes the page to stdout and returns the exit code. */
export async function printHelp(page: HelpPage): Promise<number> {
  const text = new TextEncoder().encode(renderHelp(page, columns()));
  for (let rest = text; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
  return 0;
}

function columns(): number {
  try {
    return Math.min(Deno.consoleSize().columns, WIDEST);
  } catch {
    return 80; // stdout is not a terminal
  }
}
