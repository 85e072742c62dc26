/**
 * netecho: the network peer you carry in one file.
 *
 * Dispatches to a subcommand. Only this file prints an error and ends the process.
 */
import {
  ExpiredError,
  GateError,
  NetworkError,
  type Suggestion,
  UsageError,
} from "./lib/core/errors.ts";
import { explain } from "./lib/core/explain.ts";
import { endedBySignal } from "./lib/core/signals.ts";
import type { Manual } from "./lib/manual/manual.ts";
import { printPage, say } from "./lib/terminal/output.ts";

const COMMANDS: Readonly<Record<string, () => Promise<Run>>> = {
  server: async () => (await import("./server.ts")).run,
  client: async () => (await import("./client.ts")).run,
  help: () => telling("help"),
  completions: () => telling("completions"),
  man: () => telling("man"),
};

const CODES = [[NetworkError, 1], [GateError, 3], [ExpiredError, 124]] as const;

/** Runs a subcommand. Returns the exit code. */
type Run = (args: readonly string[]) => Promise<number>;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--version" || name === "-V") {
    const { version: { deno }, build: { target } } = Deno;
    return await printPage(`netecho ${await ownVersion()} (Deno ${deno}, ${target})\n`);
  }
  if (name === "--help" || name === "-h") return await (await telling("help"))([]);
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) && COMMANDS[name];
  if (load) return await (await load())(args);
  if (name === undefined) {
    throw new UsageError("A subcommand is needed: server or client; see netecho --help");
  }
  const { commandFor } = await import("./lib/cli/nc_hints.ts");
  const meant = commandFor([name, ...args]);
  if (meant) throw new UsageError(`A subcommand is needed: write ${meant}`);
  const among = [...Object.keys(COMMANDS), "--version", "--help"];
  throw new UsageError(`Unknown subcommand "${name}"`, { given: name, among });
}

async function ownVersion(): Promise<string> {
  return (await import("./deno.json", { with: { type: "json" } })).default.version;
}

// A subcommand that describes the others.
async function telling(name: "help" | "completions" | "man"): Promise<Run> {
  const { run } = await import("./lib/manual/commands.ts");
  return (args) => run(name, { args, load: loadManual });
}

async function loadManual(): Promise<Manual> {
  const [server, client] = await Promise.all([import("./server.ts"), import("./client.ts")]);
  const commands = { server: await server.helpPage(), client: await client.helpPage() };
  return { version: await ownVersion(), commands };
}

async function report(error: unknown): Promise<number> {
  const { printableText } = await import("./lib/terminal/sanitize.ts");
  const { message, code } = await describe(error);
  await say(`netecho: ${printableText(shortened(message))}`);
  return code;
}

// It may quote an argument of any length.
function shortened(message: string): string {
  return message.length <= 600 ? message : `${message.slice(0, 300)}…${message.slice(-250)}`;
}

async function describe(error: unknown): Promise<{ message: string; code: number }> {
  if (error instanceof UsageError) {
    return { message: error.message + await nearest(error.suggestion), code: 2 };
  }
  const [, code] = CODES.find(([kind]) => error instanceof kind) ?? [];
  if (code) return { message: (error as Error).message, code };
  return { message: `Unexpected failure: ${explain(error)}`, code: 1 };
}

// The word that begins with what was given, or differs from it in a few letters.
async function nearest(suggestion: Suggestion | undefined): Promise<string> {
  if (!suggestion) return "";
  const { closestString } = await import("@std/text/closest-string");
  const { levenshteinDistance } = await import("@std/text/levenshtein-distance");
  const { given, among, isOption } = suggestion;
  const owner = isOption && !among.includes(given) && await ownerOf(given);
  if (owner) return `; it is one of netecho ${owner}`;
  const found = among.find((word) => word.startsWith(given)) ?? closestString(given, among);
  const near = found.startsWith(given) || levenshteinDistance(given, found) <= 1 + given.length / 3;
  return near ? `; did you mean ${found}?` : "";
}

// The subcommand that has an option.
async function ownerOf(option: string): Promise<string | undefined> {
  const { optionNames } = await import("./lib/cli/help.ts");
  const commands = Object.entries((await loadManual()).commands);
  return commands.find(([, page]) => optionNames(page).includes(option))?.[0];
}

if (import.meta.main) {
  Deno.exit(await Promise.race([main(Deno.args).catch(report), endedBySignal]));
}
