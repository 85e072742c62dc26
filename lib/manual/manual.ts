/** What the program says of itself, as data: for help, a man page and completions. */
import type { HelpPage } from "../cli/help.ts";
import { completions } from "./completions.ts";

/** The whole manual. */
export interface Manual {
  /** As in deno.json. */
  readonly version: string;
  /** The subcommands that do something with a network, by name. */
  readonly commands: Readonly<Record<string, HelpPage>>;
}

/** Loads the manual; nobody else pays for that. */
export type LoadManual = () => Promise<Manual>;

/** What the other subcommands are, for those who list them. */
export const OTHER_COMMANDS = [
  ["help", "[server|client|TOPIC]", "explain a subcommand or a topic"],
  [
    "completions",
    completions.map(({ name }) => name).join("|"),
    "print what completes command lines in a shell",
  ],
  ["man", "", "print the manual page, for man -l -"],
] as const;
