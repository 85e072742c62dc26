/** Prints a help page as wide as the terminal, within reason. */
import { type HelpPage, renderHelp } from "./help.ts";
import { columns, printPage } from "../terminal/output.ts";

const WIDEST = 100; // columns; longer lines are hard to read

/** Writes the page to stdout and returns the exit code. */
export function printHelp(page: HelpPage): Promise<number> {
  return printPage(renderHelp(page, Math.min(columns(), WIDEST)));
}
