/** The `client` subcommand: options, dial, mode, exit code. */
import type { Capture } from "./lib/capture/capture.ts";
import { captureIfAny } from "./lib/capture/open.ts";
import type { HelpPage } from "./lib/cli/help.ts";
import type { OptionOwner } from "./lib/cli/option_groups.ts";
import type { OptionTable } from "./lib/cli/options.ts";
import { type ParsedOptions, parseOptions } from "./lib/cli/parse.ts";
import { Dialer } from "./lib/client/dialer.ts";
import type { Mode, ModeContext, ModePeer } from "./lib/client/mode.ts";
import { chooseMode, modeLabel, modeOptions, modes } from "./lib/client/modes.ts";
import { clientOptions, optionGroups } from "./lib/client/options.ts";
import { Progress } from "./lib/client/progress.ts";
import { jsonTrace, textTrace } from "./lib/client/trace.ts";
import { namedInput, namedOutput } from "./lib/client/stdio.ts";
import { standardInput } from "./lib/terminal/console_input.ts";
import { withPatterns } from "./lib/core/byte_pattern.ts";
import { systemClock } from "./lib/core/clock.ts";
import { UsageError } from "./lib/core/errors.ts";
import { endAtSignals, endedBySignal, handleSignals } from "./lib/core/signals.ts";
import { openPayloadLog } from "./lib/log/open.ts";
import { type Address, scheme } from "./lib/net/address.ts";
import { parseAddress, parseHostPort, toConnect } from "./lib/net/parse_address.ts";
import { dialOptions, transportOf, transports } from "./lib/net/transports.ts";
import { StatusLine } from "./lib/terminal/status_line.ts";

const DEFAULT_ADDRESS = "localhost:8080";
const FLUSH_TIMEOUT_MS = 5000; // for the last of a capture to be read

/** Runs the client in the mode that fits. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const tables = [clientOptions, modeOptions, dialOptions];
  const parsed = await withPatterns(() => parseOptions(tables, args));
  const { positionals, given } = parsed;
  const values = parsed.of(clientOptions);
  if (values.help) {
    const { printHelp } = await import("./lib/cli/help.ts");
    return await printHelp(await helpPage());
  }
  const terminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const mode = chooseMode({ terminal, given });
  const { needsPeer = true } = mode;
  await rejectForeign(given, { mode, dialed: dialOptions });
  const addresses = parseTargets(needsPeer ? positionals : [], mode);
  const used = new Set(needsPeer ? addresses.map(transportOf) : []);
  if ([...used].some(({ connectionless }) => connectionless) && values.retry) {
    throw new UsageError(
      "Option --retry does not apply over UDP: nothing tells whether a peer is there",
    );
  }
  const dialed = Object.assign({}, ...[...used].map((each) => each.dialOptions));
  await rejectForeign(given, { mode, dialed });
  for (const { dialOptions, check } of used) await check?.(parsed.of(dialOptions));
  endAtSignals(); // not before: the system alone ends a program that waits for a FIFO to be opened
  const targets = given.has("self") ? [await startLoopback(positionals)] : addresses;
  const capture = await captureIfAny(values);
  let [code, whole] = [0, true];
  try {
    const context = createContext(targets, { args, parsed, capture });
    await loadDialing(context);
    code = await mode.run(context, parsed.of(mode.options));
  } finally {
    whole = await capture?.flush(FLUSH_TIMEOUT_MS) ?? true;
  }
  return code || (whole ? 0 : 1);
}

// What is loaded by then is in no time that is told of a connection.
async function loadDialing({ peers }: ModeContext): Promise<void> {
  systemClock.after(0, () => {})(); // the first timer of a program takes 5 ms
  await Promise.all(
    peers.map(({ target: { address, values } }) =>
      transportOf(address).loadDialing?.(address, values)
    ),
  );
}

async function startLoopback(positionals: readonly string[]): Promise<Address> {
  if (positionals.length > 0) throw new UsageError("With --self there is no ADDRESS; leave it out");
  const { startLoopback } = await import("./lib/client/loopback.ts");
  return parseAddress(await startLoopback());
}

function owners(): OptionOwner[] {
  return [
    ...modes.map((mode) => ({ label: modeLabel(mode), options: mode.options })),
    ...transports.map(({ name, dialOptions }) => ({ label: scheme(name), options: dialOptions })),
  ];
}

/** What `--help` and the manual say. */
export async function helpPage(): Promise<HelpPage> {
  const { sectionsOf } = await import("./lib/cli/option_groups.ts");
  return {
    usage: [
      "netecho client [ADDRESS | HOST PORT] [options]",
      "netecho client ADDRESS... --wait D [options]",
    ],
    summary: "Talks to a peer: interactively on a terminal, else as a pipe. ADDRESS is " +
      "[tcp://|tls://|udp://]HOST:PORT, [V6]:PORT, :PORT, PORT or unix:PATH; the default is " +
      `${DEFAULT_ADDRESS}. Durations are written 250us, 10ms, 1.5s, 2m.`,
    sections: [...optionGroups, ...sectionsOf(owners())],
    examples: [
      ...modes.map((mode) => [mode.example, mode.summary] as const),
      ["netecho client tls://example.com:443 -v", "show the TLS session and its certificates"],
    ],
  };
}

async function rejectForeign(
  given: ReadonlySet<string>,
  { mode, dialed }: { readonly mode: Mode; readonly dialed: OptionTable },
): Promise<void> {
  if (given.size === 0) return;
  const { rejectForeign } = await import("./lib/cli/option_groups.ts");
  const present = [clientOptions, mode.options, dialed];
  const where = mode.chosenBy ? `with ${modeLabel(mode)}` : "here";
  rejectForeign(given, { present, owners: owners(), where });
}

function parseTargets(
  positionals: readonly string[],
  { takesSeveral, defaultPort }: Mode,
): Address[] {
  const defaultAddress = defaultPort ? "localhost" : DEFAULT_ADDRESS;
  const [first = defaultAddress, second] = positionals;
  const complete = /^[^:]*:\d+$|\]:\d+$|^\d+$|^[a-z]+:\/\/|^unix:/.test(first);
  const isAddress = takesSeveral && (complete || !/^\d+$/.test(second ?? ""));
  const isHostPort = second !== undefined && !isAddress;
  const [named, rest] = isHostPort
    ? [parseHostPort(first, second), positionals.slice(2)]
    : [parseAddress(first, { defaultPort }), positionals.slice(1)];
  if (rest.length > 0 && !takesSeveral) {
    throw new UsageError(`One peer at a time: "${rest[0]}" is one too many`);
  }
  return [named, ...rest.map((text) => parseAddress(text))].map(toConnect);
}

function createContext(
  addresses: readonly Address[],
  { args, parsed, capture }: {
    readonly args: readonly string[];
    readonly parsed: ParsedOptions;
    readonly capture: Capture | undefined;
  },
): ModeContext {
  const values = parsed.of(clientOptions);
  const { connectTimeout, retry, verbose } = values;
  const clock = systemClock;
  const format = parsed.given.has("json") ? jsonTrace(clock) : textTrace;
  const errors = namedOutput(Deno.stderr, "stderr");
  const live = { auto: undefined, always: true, never: false }[values.progress];
  // Stdout is for programs, too: a status is never forced on it.
  const openStatus: ModeContext["openStatus"] = (output, options) =>
    new StatusLine(output, { ...options, live: output === errors || !live ? live : undefined });
  // Lines that tell of every chunk or attempt tell that it goes on, too.
  const covered = verbose || values.show !== "none";
  const status = new StatusLine(errors, { live: live ?? (covered ? false : undefined) });
  endedBySignal.then(() => status.eraseSync((bytes) => Deno.stderr.writeSync(bytes)));
  const progress = new Progress(status, { clock, forced: live === true });
  const say = (line: string) => progress.say(line);
  const trace = verbose ? { format, say } : undefined;
  const dialing = { connectTimeout, retry, capture, trace, clock };
  const dialValues = parsed.of(dialOptions);
  const peers = addresses.map((address): ModePeer => {
    const target = { address, values: dialValues };
    const dialer = new Dialer({ ...target, ...dialing });
    const { connectionless = false } = transportOf(address);
    return { target, connectionless, dial: (request) => dialer.dial(request) };
  });
  // A capture on stdout leaves no room for anything else there.
  const [output, name] = values.capture === "-" ? [Deno.stderr, "stderr"] : [Deno.stdout, "stdout"];
  return {
    commandLine: { args, positionals: parsed.positionals, occurrences: parsed.occurrences },
    ...peers[0]!,
    peers,
    connectTimeout,
    input: namedInput(standardInput(), "stdin"),
    isTyped: Deno.stdin.isTerminal(),
    output: namedOutput(output, name),
    errors,
    signals: handleSignals,
    openStatus,
    progress,
    say,
    openLog: (to) => openPayloadLog(values, to),
    trace,
    clock,
  };
}
