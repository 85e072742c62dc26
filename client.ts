/** The `client` subcommand: options, dial, mode, exit code. */
import type { Reader, Screen, Writer } from "./lib/core/io.ts";
import {
  type Address,
  formatAddress,
  parseAddress,
  parseHostPort,
  scheme,
  toConnect,
} from "./lib/net/address.ts";
import { common, groups } from "./lib/client/options.ts";
import { systemClock } from "./lib/core/clock.ts";
import { painter } from "./lib/terminal/colors.ts";
import { parseOptions } from "./lib/cli/parse.ts";
import { explain, NetworkError, UsageError } from "./lib/core/errors.ts";
import type { Capture } from "./lib/capture/capture.ts";
import { captureIfAny } from "./lib/capture/open.ts";
import { LineSink } from "./lib/log/line_sink.ts";
import { Log } from "./lib/log/log.ts";
import { textFormat } from "./lib/log/text_format.ts";
import type { HelpPage } from "./lib/cli/help.ts";
import type { DialRequest, ModeContext } from "./lib/client/mode.ts";
import { chooseMode, modeOptions, modes } from "./lib/client/modes.ts";
import type { Duplex } from "./lib/net/duplex.ts";
import { describeSecurity, type Security } from "./lib/net/transports/tls/session_info.ts";
import { dial, dialOptions, transportOf, transports } from "./lib/net/transports.ts";
import { optionName, type OptionTable, type Values } from "./lib/cli/options.ts";
import { dumpWidth, say } from "./lib/terminal/output.ts";
import type { Owner } from "./lib/cli/option_groups.ts";
import { retry } from "./lib/core/retry.ts";
import { handleSignals } from "./lib/core/signals.ts";
import { formatDuration } from "./lib/core/units.ts";

const DEFAULT_ADDRESS = "localhost:8080";
const FLUSH_PATIENCE = 5000; // milliseconds for the last of a capture to be read

const options = { ...dialOptions, ...modeOptions, ...common };

/** Runs the client in the mode that fits. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = await parseOptions(options, args);
  if (values.help) {
    const { printHelp } = await import("./lib/cli/print_help.ts");
    return await printHelp(await helpPage());
  }
  const terminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const mode = chooseMode({ terminal, given });
  const address = parseTarget(mode.peerless ? [] : positionals);
  if (transportOf(address).connectionless && values.retry) {
    throw new UsageError(
      "Option --retry does not apply over UDP: nothing tells whether a peer is there",
    );
  }
  const dialed = mode.peerless ? {} : transportOf(address).dialOptions;
  await checkOptions(given, [common, mode.options, dialed]);
  await transportOf(address).check?.(values);
  const peer = given.has("self") ? await itself(positionals) : address;
  const capture = await captureIfAny(values as Values<typeof common>);
  const context = createContext(peer, { values, positionals, args, capture });
  try {
    return await mode.run(context, values);
  } finally {
    await capture?.flush(FLUSH_PATIENCE);
  }
}

async function itself(positionals: readonly string[]): Promise<Address> {
  if (positionals.length > 0) throw new UsageError("With --self there is no ADDRESS; leave it out");
  const { startSelf } = await import("./lib/client/loopback.ts");
  return parseAddress(await startSelf());
}

function owners(): Owner[] {
  return [
    ...modes.map(({ name, chosenBy: [first] = [], options }) => ({
      label: first ? optionName(first) : `${name} mode`,
      options,
    })),
    ...transports.map(({ name, dialOptions }) => ({ label: scheme(name), options: dialOptions })),
  ];
}

/** What `--help` and the manual say. */
export async function helpPage(): Promise<HelpPage> {
  const { sectionsOf } = await import("./lib/cli/option_groups.ts");
  return {
    usage: ["netecho client [ADDRESS | HOST PORT] [options]"],
    summary: "Talks to a peer: interactively on a terminal, else as a pipe. ADDRESS is " +
      "[tcp://|tls://|udp://]HOST:PORT, [V6]:PORT, :PORT, PORT or unix:PATH; the default is " +
      `${DEFAULT_ADDRESS}. Durations are written 250us, 10ms, 1.5s, 2m.`,
    sections: [...groups, ...sectionsOf(owners())],
    examples: [
      ...modes.map((mode) => [mode.example, mode.summary] as const),
      ["netecho client tls://example.com:443 -v", "show the TLS session and its certificates"],
    ],
  };
}

async function checkOptions(
  given: ReadonlySet<string>,
  present: readonly OptionTable[],
): Promise<void> {
  if (given.size === 0) return;
  const { rejectForeign } = await import("./lib/cli/option_groups.ts");
  rejectForeign(given, { present, owners: owners() });
}

function parseTarget(positionals: readonly string[]): Address {
  const [first = DEFAULT_ADDRESS, second, third] = positionals;
  if (third !== undefined) throw new UsageError(`One peer at a time: "${third}" is one too many`);
  return toConnect(second === undefined ? parseAddress(first) : parseHostPort(first, second));
}

function createContext(
  address: Address,
  { values, capture, ...given }: {
    readonly values: Values<typeof options>;
    readonly positionals: readonly string[];
    readonly args: readonly string[];
    readonly capture: Capture | undefined;
  },
): ModeContext {
  const { show, color, verbose, connectTimeout } = values as Values<typeof common>;
  // A capture on stdout has it to itself.
  const [output, name] = values.capture === "-" ? [Deno.stderr, "stderr"] : [Deno.stdout, "stdout"];
  const openLog = (to: Writer = Deno.stderr) =>
    new Log({
      format: textFormat({
        show,
        paint: painter(color, Deno.stderr),
        width: dumpWidth(Deno.stderr),
      }),
      output: new LineSink(to),
      payload: show === "none" ? [] : ["in", "out"],
    });
  return {
    address,
    values,
    ...given,
    connectTimeout,
    connectionless: transportOf(address).connectionless ?? false,
    dial: (request) => connect(address, { values, capture, request }),
    input: reading(Deno.stdin),
    output: screen(output, name),
    errors: screen(Deno.stderr, "stderr"),
    signals: handleSignals,
    say,
    openLog,
    verbose,
    clock: systemClock,
  };
}

async function connect(
  address: Address,
  { values, capture, request = {} }: {
    readonly values: Values<typeof options>;
    readonly capture: Capture | undefined;
    readonly request: DialRequest | undefined;
  },
): Promise<Duplex> {
  const { connectTimeout, retry: patience, verbose } = values as Values<typeof common>;
  const { atMost = Infinity, once, onPhase } = request;
  const timeout = Math.min(connectTimeout, atMost);
  const clock = systemClock;
  const tell = (line: string) => verbose && line !== "" ? say(line) : Promise.resolve();
  const onSession = verbose
    ? (security: Security) => tell(describeSecurity(security).join("\n"))
    : undefined;
  const attempt = async () => {
    const started = clock.now();
    const peer = await dial(address, { values, timeout, clock, onSession, onPhase });
    const took = formatDuration(clock.now() - started);
    const comment = `client of ${formatAddress(peer.remote)}`;
    if (capture) peer.observe(capture.watch(peer, { initiator: "local", comment }));
    await tell(
      `connected to ${formatAddress(peer.remote)} from ${formatAddress(peer.local)} in ${took}`,
    );
    return peer;
  };
  if (!patience || once) return await attempt();
  const onFailure = ({ message }: Error) => void tell(`${message}; trying again`);
  return await retry(attempt, { ...patience, clock, onFailure });
}

// Trouble with stdin and stdout is told from trouble with the peer by its class.
function reading(input: Reader): Reader {
  return { read: (into) => input.read(into).catch(failWith("Cannot read stdin")) };
}

function screen(output: Screen, name: string): Screen {
  return {
    write: (bytes) => output.write(bytes).catch(failWith(`Cannot write to ${name}`)),
    isTerminal: () => output.isTerminal(),
  };
}

function failWith(what: string): (error: unknown) => never {
  return (error) => {
    throw new NetworkError(`${what}: ${explain(error)}`, { cause: error });
  };
}
