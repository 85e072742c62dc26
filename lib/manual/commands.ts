/** The subcommands `help`, `completions` and `man`. */
import { UsageError } from "../core/errors.ts";
import { printPage } from "../terminal/output.ts";
import { printHelp } from "../cli/help.ts";
import { find } from "../core/named.ts";
import { completions } from "./completions.ts";
import { completedCommands } from "./completion_model.ts";
import { type LoadManual, type Manual, OTHER_COMMANDS } from "./manual.ts";
import { manPage } from "./man_page.ts";
import { topics } from "./topics.ts";

/** Prints what a subcommand asks for; returns the exit code. */
type Print = (manual: Manual, argument: string | undefined) => Promise<number>;

const COMMANDS: Readonly<Record<(typeof OTHER_COMMANDS)[number][0], Print>> = {
  help(manual, name) {
    if (name === undefined) return printPage(overview(manual));
    const pages = [
      ...Object.entries(manual.commands).map(([name, page]) => ({ name, page })),
      ...topics,
    ];
    return printHelp(find(pages, { name, kind: "topic" }).page);
  },
  completions(manual, name) {
    if (name === undefined) {
      const shells = completions.map(({ name }) => name);
      throw new UsageError(`A shell is needed: ${shells.join(", ")}`);
    }
    const { render } = find(completions, { name, kind: "shell" });
    return printPage(render(completedCommands(manual)));
  },
  man: (manual) => printPage(manPage(manual)),
};

/** Runs one of them. Returns the exit code. */
export async function run(
  name: keyof typeof COMMANDS,
  { args, load }: { readonly args: readonly string[]; readonly load: LoadManual },
): Promise<number> {
  const [argument, extra] = args;
  const stray = name === "man" ? argument : extra;
  if (stray !== undefined) throw new UsageError(`"${stray}" is one argument too many`);
  return await COMMANDS[name](await load(), argument);
}

function overview({ commands }: Manual): string {
  const usages = Object.values(commands).flatMap(({ usage = [] }) => usage);
  const others = OTHER_COMMANDS.map(([name, argument, summary]) =>
    `       ${`netecho ${name} ${argument}`.padEnd(41)}${summary}`
  );
  return `netecho: the network peer you carry in one file

usage: ${usages.join("\n       ")}
${others.join("\n")}
       netecho --version

"netecho server --help" and "netecho client --help" list the options of each.

topics:
${topics.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join("\n")}
`;
}
