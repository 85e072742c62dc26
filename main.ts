/**
 * netecho: the network peer you carry in one file.
 *
 * Dispatches to a subcommand; the one place that prints an error and ends the process.
 */
import {
  ExpiredError,
  explain,
  GateError,
  NetworkError,
  type Suggestion,
  UsageError,
} from "./lib/errors.ts";
import { printPage, say } from "./lib/output.ts";

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  server: () => import("./server.ts"),
  client: () => import("./client.ts"),
};

const CODES = [[NetworkError, 1], [GateError, 3], [ExpiredError, 124]] as const;

const USAGE = `netecho: the network peer you carry in one file

usage: netecho server [ADDRESS[=SERVICE]...] [options]
       netecho client [ADDRESS | HOST PORT] [options]
       netecho --help | --version

Run "netecho server --help" or "netecho client --help" for the options of each.
`;

interface Command {
  run(args: readonly string[]): Promise<number>;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--version" || name === "-V") {
    const { default: config } = await import("./deno.json", { with: { type: "json" } });
    const { version: { deno }, build: { target } } = Deno;
    return await printPage(`netecho ${config.version} (Deno ${deno}, ${target})\n`);
  }
  if (name === "--help" || name === "-h" || name === "help") return await printPage(USAGE);
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) && COMMANDS[name];
  if (load) return await (await load()).run(args);
  const among = Object.keys(COMMANDS);
  throw name === undefined
    ? new UsageError(`A subcommand is needed: ${among.join(" or ")}; see netecho --help`)
    : new UsageError(`Unknown subcommand "${name}"`, { given: name, among });
}

async function report(error: unknown): Promise<number> {
  const { printableText } = await import("./lib/printable.ts");
  const { message, code } = await describe(error);
  await say(`netecho: ${printableText(shortened(message))}`);
  return code;
}

// An argument of any length may be quoted in it.
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

async function nearest(suggestion: Suggestion | undefined): Promise<string> {
  if (!suggestion) return "";
  const { closestString } = await import("@std/text/closest-string");
  return `; did you mean ${closestString(suggestion.given, suggestion.among)}?`;
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args).catch(report));
}
