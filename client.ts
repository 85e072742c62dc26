/** The `client` subcommand: options, dial, mode, exit code. */
import { type Address, formatAddress, parseAddress, parseHostPort } from "./lib/address.ts";
import { systemClock } from "./lib/clock.ts";
import { painter } from "./lib/colors.ts";
import { parseOptions } from "./lib/command_line.ts";
import { explain, NetworkError, UsageError } from "./lib/errors.ts";
import { LineSink } from "./lib/events/line_sink.ts";
import { Log } from "./lib/events/log.ts";
import { textFormat } from "./lib/events/text.ts";
import type { HelpPage } from "./lib/help.ts";
import type { Mode, ModeContext } from "./lib/modes/mode.ts";
import { chooseMode, modes } from "./lib/modes/table.ts";
import type { Reads } from "./lib/net/chunks.ts";
import { type Output, say } from "./lib/output.ts";
import { dial } from "./lib/net/table.ts";
import {
  choice,
  flag,
  interval,
  optionName,
  type OptionTable,
  type Values,
} from "./lib/options.ts";

const DEFAULT_ADDRESS = "localhost:8080";

const common = {
  connectTimeout: interval(10_000, {
    summary: "give up connecting after D, all addresses together (default 10s)",
  }),
  show: choice(["none", "text", "hex", "size"], {
    summary: "show what goes out and comes in on stderr: not at all (the default), as text, " +
      "as a hex dump, or its size",
  }),
  color: choice(["auto", "always", "never"], {
    summary: "colour: on a terminal (the default), always or never",
  }),
  help: flag({ short: "h", summary: "print this help" }),
};

const modeOptions: OptionTable = Object.assign({}, ...modes.map((mode) => mode.options));
const options = { ...modeOptions, ...common };

/** What `netecho client --help` says. */
export const help: HelpPage = {
  usage: ["netecho client [ADDRESS | HOST PORT] [options]"],
  summary: `Talks to a peer: interactively on a terminal, else as a pipe. ADDRESS is HOST:PORT, ` +
    `[V6]:PORT, :PORT or PORT; the default is ${DEFAULT_ADDRESS}. ` +
    "Durations are written 250us, 10ms, 1.5s, 2m.",
  options,
  examples: modes.map((mode) => [mode.example, mode.summary]),
};

/** Runs the client in the mode that fits. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = await parseOptions(options, args);
  if (values.help) {
    const { printHelp } = await import("./lib/print_help.ts");
    return await printHelp(help);
  }
  const address = parseTarget(positionals);
  const mode = chooseMode({ terminal: Deno.stdin.isTerminal() && Deno.stdout.isTerminal() });
  rejectForeign(given, mode);
  return await mode.run(createContext(address, values), values);
}

function parseTarget(positionals: readonly string[]): Address {
  const [first = DEFAULT_ADDRESS, second, third] = positionals;
  if (third !== undefined) throw new UsageError(`One peer at a time: "${third}" is one too many`);
  const parsed = second === undefined ? parseAddress(first) : parseHostPort(first, second);
  const address = { ...parsed, hostname: parsed.hostname || "localhost" };
  if (address.port !== 0) return address;
  throw new UsageError(`Cannot connect to port 0 (${formatAddress(address)})`);
}

// An option of another mode would be ignored, and its user misled.
function rejectForeign(given: ReadonlySet<string>, mode: Mode): void {
  for (const key of given) {
    if (key in common || key in mode.options) continue;
    throw new UsageError(
      `Option ${optionName(key)} does not apply when ${mode.when} (${mode.name} mode)`,
    );
  }
}

function createContext(
  address: Address,
  { connectTimeout, show, color }: Values<typeof common>,
): ModeContext {
  const openLog = (to: Output = Deno.stderr) =>
    new Log({
      format: textFormat({ show, paint: painter(color, Deno.stderr) }),
      output: new LineSink(to),
      payload: show === "none" ? [] : ["in", "out"],
    });
  return {
    dial: () => dial(address, { timeout: connectTimeout, clock: systemClock }),
    input: reading(Deno.stdin),
    output: { ...writing(Deno.stdout), isTerminal: () => Deno.stdout.isTerminal() },
    say,
    openLog,
    clock: systemClock,
  };
}

// Trouble with stdin and stdout is told from trouble with the peer by its class.
function reading(input: Reads): Reads {
  return { read: (into) => input.read(into).catch(failWith("Cannot read stdin")) };
}

function writing(output: Output): Output {
  return { write: (bytes) => output.write(bytes).catch(failWith("Cannot write to stdout")) };
}

function failWith(what: string): (error: unknown) => never {
  return (error) => {
    throw new NetworkError(`${what}: ${explain(error)}`, { cause: error });
  };
}
