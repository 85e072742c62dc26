/** The manual as data: for help, the man page and completions. */
import type { HelpPage } from "../cli/help.ts";
import { completions } from "./completions.ts";

/** The whole manual. */
export interface Manual {
  /** As in deno.json. */
  readonly version: string;
  /** The subcommands that do something with a network, by name. */
  readonly commands: Readonly<Record<string, HelpPage>>;
}

/** Loads the manual, on the paths that need it. */
export type LoadManual = () => Promise<Manual>;

/** The other subcommands. */
export const OTHER_COMMANDS = [
  ["help", "[server|client|TOPIC]", "explain a subcommand or a topic"],
  [
    "completions",
    completions.map(({ name }) => name).join("|"),
    "print what completes command lines in a shell",
  ],
  ["man", "", "print the manual page, for man -l -"],
] as const;
