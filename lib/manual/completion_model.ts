/** What can be completed on a command line, whatever the shell. */
import type { CompletedCommand, CompletedOption } from "./completion.ts";
import { type Option, optionName } from "../cli/options.ts";
import { completions } from "./completions.ts";
import { type Manual, OTHER_COMMANDS } from "./manual.ts";
import { topics } from "./topics.ts";

/** Every subcommand. */
export function completedCommands({ commands }: Manual): CompletedCommand[] {
  const main = Object.entries(commands).map(([name, { summary, sections = [], values = {} }]) => ({
    name,
    summary: brief(summary),
    options: sections.flatMap(({ options }) => Object.entries(options)).map(([key, option]) =>
      completedOption(key, option, values[key])
    ),
    words: [],
    files: name === "client", // of --merge
  }));
  const words = new Map([
    ["help", [...Object.keys(commands), ...topics.map(({ name }) => name)]],
    ["completions", completions.map(({ name }) => name)],
  ]);
  const others = OTHER_COMMANDS.map(([name, , summary]) => ({
    name,
    summary,
    options: [],
    words: words.get(name) ?? [],
    files: false,
  }));
  return [...main, ...others];
}

function completedOption(
  key: string,
  { short, summary, placeholder, words }: Option<unknown>,
  values = words,
): CompletedOption {
  const file = placeholder?.includes("FILE") ? "file" : "any";
  return {
    name: optionName(key),
    short: short && `-${short}`,
    summary: brief(summary),
    value: placeholder === undefined ? "none" : values ?? file,
  };
}

// Shells show little text beside a completion.
function brief(summary: string): string {
  return summary.replace(/( \(|[;.] |\.$).*/s, "");
}
