/** The `server` subcommand: options, listeners, sessions, summary. */
import { type Address, parseAddress } from "./lib/address.ts";
import { systemClock, wait } from "./lib/clock.ts";
import { painter } from "./lib/colors.ts";
import { parseOptions } from "./lib/command_line.ts";
import { explain, NetworkError } from "./lib/errors.ts";
import { LineSink } from "./lib/events/line_sink.ts";
import { Log } from "./lib/events/log.ts";
import { textFormat } from "./lib/events/text.ts";
import type { HelpPage } from "./lib/help.ts";
import { preloadStreams } from "./lib/net/streams.ts";
import { listen } from "./lib/net/table.ts";
import type { Listener } from "./lib/net/transport.ts";
import { choice, count, duration, flag, interval, type Values } from "./lib/options.ts";
import { services } from "./lib/services/table.ts";
import { say } from "./lib/output.ts";
import { serve } from "./lib/serve.ts";
import { handleSignals, type Shutdown } from "./lib/shutdown.ts";

const DEFAULT_ADDRESS = ":8080";
const FLUSH_PATIENCE = 1000; // milliseconds for the last lines to be read
const INSISTENT_PATIENCE = 100; // the same, after a second signal

const options = {
  show: choice(["text", "hex", "size", "none"], {
    summary: "how to show payload: what comes in as text (the default), what goes in and out as " +
      "a hex dump, its size, or not at all",
    excludes: ["quiet"],
  }),
  json: flag({ summary: "print events as JSON, one object a line" }),
  quiet: flag({ short: "q", summary: "print listening lines and errors alone" }),
  stats: interval(undefined, { summary: "print a line of rates every D" }),
  color: choice(["auto", "always", "never"], {
    summary: "colour: on a terminal (the default), always or never",
  }),
  maxConnections: count({ summary: "serve at most N connections at once; close further ones" }),
  idleTimeout: interval(undefined, { summary: "close a connection after D without a byte" }),
  once: flag({
    summary: "serve one connection, then exit",
    excludes: ["maxConnections"],
  }),
  grace: duration(5000, {
    summary: "when stopped, wait D for open connections to end (default 5s)",
  }),
  help: flag({ short: "h", summary: "print this help" }),
};

/** What `netecho server --help` says. */
export const help: HelpPage = {
  usage: ["netecho server [ADDRESS...] [options]"],
  summary: "An echo server (RFC 862): sends back every byte, and shows what it sees. ADDRESS is " +
    `HOST:PORT, [V6]:PORT, :PORT or PORT; the default is ${DEFAULT_ADDRESS}, on all interfaces; ` +
    "port 0 takes any free port. Durations are written 250us, 10ms, 1.5s, 2m.",
  options,
  examples: [
    ["netecho server", "echo on port 8080 of every interface"],
    ["netecho server 127.0.0.1:0 [::1]:0 --show hex", "two free ports, every byte shown"],
    ["netecho server --json --once", "one connection, as JSON events"],
    ...services.map(({ example, summary }) => [example, summary] as const),
  ],
};

/** Runs the server until it is stopped. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = await parseOptions(options, args);
  if (values.help) {
    const { printHelp } = await import("./lib/print_help.ts");
    return await printHelp(help);
  }
  const addresses = (positionals.length > 0 ? positionals : [DEFAULT_ADDRESS]).map(parseAddress);
  const shutdown = handleSignals();
  const log = await createLog(values);
  const listeners = listenAll(addresses);
  for (const { address } of listeners) log.emit({ event: "listening", address });
  await Promise.resolve(); // those lines go out before what follows, which takes milliseconds
  systemClock.after(0, preloadStreams);
  const ending = await serve(listeners, { values, shutdown, log });
  await flush(log, shutdown);
  if (values.once && (ending?.reason === "reset" || ending?.reason === "error")) {
    throw new NetworkError(`The connection failed: ${ending.detail ?? "reset by the peer"}`);
  }
  return 0;
}

// The last lines, unless nobody reads them: then stderr says so.
async function flush(log: Log, { insisted }: Shutdown): Promise<void> {
  const cut = insisted.then(() => wait(systemClock, INSISTENT_PATIENCE).over);
  const written = await Promise.race([log.flush(FLUSH_PATIENCE), cut]);
  if (!written) await say("netecho: The last output was not read, and is cut short");
}

function listenAll(addresses: readonly Address[]): Listener[] {
  const listeners: Listener[] = [];
  try {
    for (const address of addresses) listeners.push(listen(address));
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

async function createLog({ json, quiet, show, color }: Values<typeof options>): Promise<Log> {
  const errors = new LineSink(Deno.stderr);
  const output = new LineSink(Deno.stdout, {
    onError: (error) =>
      errors.push(
        `netecho: Cannot write to stdout: ${explain(error)}; serving on without output\n`,
      ),
  });
  const payload = show === "none" ? [] : show === "hex" ? ["in", "out"] as const : ["in"] as const;
  if (json) {
    const { jsonFormat } = await import("./lib/events/json.ts");
    return new Log({ format: jsonFormat({ show }), output, payload, quiet });
  }
  const format = textFormat({ show, paint: painter(color, Deno.stdout) });
  return new Log({ format, output, errors, payload, quiet });
}
