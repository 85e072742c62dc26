/** The client's modes. */
import { bench } from "./modes/bench.ts";
import { script } from "./modes/script.ts";
import { findIdle } from "./modes/find_idle.ts";
import { interactive } from "./modes/interactive.ts";
import { optionName, type OptionTable } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { merge } from "./modes/merge.ts";
import type { Mode } from "./mode.ts";
import { ping } from "./modes/ping.ts";
import { pipe } from "./modes/pipe.ts";
import { replay } from "./modes/replay.ts";
import { throughput } from "./modes/throughput.ts";
import { waitClosed } from "./modes/wait_closed.ts";
import { wait } from "./modes/wait.ts";

/** Every mode. */
export const modes: readonly Mode[] = [
  interactive,
  pipe,
  ping,
  wait,
  waitClosed,
  bench,
  throughput,
  findIdle,
  merge,
  script,
  replay,
];

/** What the modes add to the client's options. */
export const modeOptions: OptionTable = Object.assign({}, ...modes.map(({ options }) => options));

/**
 * The mode that the options choose, or the one for what stdin and stdout are.
 *
 * @throws {UsageError} where they choose two
 */
export function chooseMode(
  { terminal, given }: { readonly terminal: boolean; readonly given: ReadonlySet<string> },
): Mode {
  const [chosen, other] = modes.filter(({ chosenBy }) => chosenBy && given.has(chosenBy));
  if (chosen && other) {
    const [one, two] = [chosen, other].map(({ chosenBy }) => optionName(chosenBy!));
    throw new UsageError(`${one} and ${two} exclude each other; leave one out`);
  }
  const implied = modes.find(({ impliedBy = [] }) => impliedBy.some((key) => given.has(key)));
  if (chosen ?? implied) return (chosen ?? implied)!;
  const usual = modes.filter((mode) =>
    !mode.chosenBy && !mode.impliedBy && (terminal || !mode.terminal)
  );
  const wanted = [...given].filter((key) => Object.hasOwn(modeOptions, key));
  const fitting = usual.find(({ options }) => wanted.every((key) => Object.hasOwn(options, key)));
  return fitting ?? usual[0]!;
}

/** The name of a mode in messages: the option that chooses it, or its name. */
export function modeLabel({ name, chosenBy }: Mode): string {
  return chosenBy ? optionName(chosenBy) : `${name} mode`;
}
