/** Colours on a terminal. */
import { environmentVariable } from "../core/runtime.ts";

/** When to colour. */
export type ColorChoice = "auto" | "always" | "never";

/** Paints text with an SGR code (ECMA-48 section 8.3.117), or leaves it as it is. */
export type Paint = (code: number, text: string) => string;

export const DIM = 2;
export const RED = 31;
export const GREEN = 32;
export const YELLOW = 33;
export const CYAN = 36;

/**
 * A painter for one output: `--color` decides, then FORCE_COLOR, NO_COLOR (https://no-color.org),
 * and whether it is a terminal.
 */
export function painter(choice: ColorChoice, output: { isTerminal(): boolean }): Paint {
  return wantsColor(choice, output)
    ? (code, text) => `\x1b[${code}m${text}\x1b[0m`
    : (_, text) => text;
}

function wantsColor(choice: ColorChoice, output: { isTerminal(): boolean }): boolean {
  if (choice !== "auto") return choice === "always";
  const forced = environmentVariable("FORCE_COLOR");
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return !Deno.noColor && output.isTerminal() && environmentVariable("TERM") !== "dumb";
}
