/** The client's modes. */
import { bench } from "./modes/bench.ts";
import { converse } from "./modes/script.ts";
import { interactive } from "./modes/interactive.ts";
import type { OptionTable } from "../cli/options.ts";
import { merge } from "./modes/merge.ts";
import type { Mode } from "./mode.ts";
import { ping } from "./modes/ping.ts";
import { pipe } from "./modes/pipe.ts";
import { replay } from "./modes/replay.ts";
import { wait } from "./modes/wait.ts";

/** Every mode. */
export const modes: readonly Mode[] = [
  interactive,
  pipe,
  ping,
  wait,
  bench,
  merge,
  converse,
  replay,
];

/** What the modes add to the client's options. */
export const modeOptions: OptionTable = Object.assign({}, ...modes.map(({ options }) => options));

/** The mode that an option chooses, or the one for what stdin and stdout are. */
export function chooseMode(
  { terminal, given }: { terminal: boolean; given: ReadonlySet<string> },
): Mode {
  const chosen = modes.find(({ chosenBy = [] }) => chosenBy.some((key) => given.has(key)));
  if (chosen) return chosen;
  const wanted = [...given].filter((key) => key in modeOptions);
  const fitting = modes.filter((mode) => !mode.chosenBy && (terminal || !mode.terminal));
  return fitting.find(({ options }) => wanted.every((key) => key in options)) ?? fitting[0]!;
}
