/** The client's modes. */
import { interactive } from "./interactive.ts";
import type { OptionTable } from "../options.ts";
import type { Mode } from "./mode.ts";
import { pipe } from "./pipe.ts";

/** Every mode. */
export const modes: readonly Mode[] = [interactive, pipe];

/** What the modes add to the client's options. */
export const modeOptions: OptionTable = Object.assign({}, ...modes.map(({ options }) => options));

/** The mode for what stdin and stdout are, and for the options that were given. */
export function chooseMode(
  { terminal, given }: { terminal: boolean; given: ReadonlySet<string> },
): Mode {
  const wanted = [...given].filter((key) => key in modeOptions);
  const fitting = modes.filter((mode) => terminal || !mode.terminal);
  return fitting.find(({ options }) => wanted.every((key) => key in options)) ?? fitting[0]!;
}
