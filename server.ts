/** The `server` subcommand: options, listeners, sessions, summary. */
import { bindAll, type Binding, parseTarget, type Target } from "./lib/server/listeners.ts";
import { scheme } from "./lib/net/address.ts";
import { systemClock, wait } from "./lib/core/clock.ts";
import { painter } from "./lib/terminal/colors.ts";
import { parseOptions } from "./lib/cli/parse.ts";
import { explain, NetworkError } from "./lib/core/errors.ts";
import type { FaultPlan } from "./lib/faults/plan.ts";
import { captureIfAny } from "./lib/capture/open.ts";
import { LineSink } from "./lib/log/line_sink.ts";
import { Log } from "./lib/log/log.ts";
import { textFormat } from "./lib/log/text_format.ts";
import type { HelpPage } from "./lib/cli/help.ts";
import { preloadStreams } from "./lib/net/streams.ts";
import { listenOptions, transports } from "./lib/net/transports.ts";
import type { Values } from "./lib/cli/options.ts";
import type { Owner } from "./lib/cli/option_groups.ts";
import { common, groups } from "./lib/server/options.ts";
import { serviceOptions, services } from "./lib/server/services.ts";
import { dumpWidth, say } from "./lib/terminal/output.ts";
import { serve } from "./lib/server/serve.ts";
import type { Limits } from "./lib/server/sessions.ts";
import { handleSignals, type Shutdown } from "./lib/core/signals.ts";

const DEFAULT_ADDRESS = ":8080";
const FLUSH_PATIENCE = 1000; // milliseconds for the last lines to be read
const ANSWERS = 2; // times what was asked, over UDP: a fault may double and delay it
const INSISTENT_PATIENCE = 100; // the same, after a second signal

const options = { ...listenOptions, ...serviceOptions, ...common };

/** Runs the server until it is stopped. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = await parseOptions(options, args);
  if (values.help) {
    const { printHelp } = await import("./lib/cli/print_help.ts");
    return await printHelp(await helpPage());
  }
  const { service = services[0] } = values;
  const addresses = positionals.length > 0 ? positionals : [DEFAULT_ADDRESS];
  const targets = addresses.map((text) => parseTarget(text, service));
  await checkOptions(targets, { values, given });
  const planned = await planIfAny(targets, values);
  const limits = await createLimits(values);
  const shutdown = handleSignals();
  const log = await createLog(values);
  const bindings = await bindAll(targets, {
    values,
    clock: systemClock,
    allowance: planned && ANSWERS,
  });
  // Not over that of a server that has the port.
  const capture = await captureIfAny(values).catch((error) => {
    for (const { listener } of bindings) listener.close();
    throw error;
  });
  for (const { listener: { address } } of bindings) log.emit({ event: "listening", address });
  if (planned) {
    log.emit({
      event: "faults",
      seed: planned.seed,
      faults: planned.faults.map(({ text }) => text),
    });
  }
  for (const binding of bindings) showCertificate(binding, { log, quiet: values.quiet });
  await Promise.resolve(); // those lines go out before what follows, which takes milliseconds
  systemClock.after(0, preloadStreams);
  const ending = await serve(bindings, {
    values,
    limits,
    faults: planned,
    capture,
    shutdown,
    log,
  });
  await capture?.flush(FLUSH_PATIENCE);
  await flush(log, shutdown);
  if (values.once && (ending?.reason === "reset" || ending?.reason === "error")) {
    throw new NetworkError(`The connection failed: ${ending.detail ?? "reset by the peer"}`);
  }
  return 0;
}

function owners(): Owner[] {
  return [
    ...transports.map(({ name, listenOptions }) => ({
      label: scheme(name),
      options: listenOptions,
    })),
    ...services.map(({ name, options }) => ({ label: `service ${name}`, options })),
  ];
}

/** What `--help` and the manual say. */
export async function helpPage(): Promise<HelpPage> {
  const { sectionsOf } = await import("./lib/cli/option_groups.ts");
  const { faults } = await import("./lib/faults/kinds.ts");
  return {
    usage: ["netecho server [ADDRESS[=SERVICE]...] [options]"],
    summary: "A peer that shows every byte: an echo server (RFC 862), unless another service is " +
      "named. ADDRESS is [tcp://|tls://|udp://]HOST:PORT, [V6]:PORT, :PORT, PORT or unix:PATH; " +
      `the default is ${DEFAULT_ADDRESS}, on all interfaces; port 0 takes any free port. ` +
      "Durations are written 250us, 10ms, 1.5s, 2m.",
    sections: [...groups, ...sectionsOf(owners())],
    words: [
      { title: "services", rows: services.map(({ name, summary }) => [name, summary]) },
      {
        title: "faults (their parameters: netecho help faults)",
        rows: faults.map(({ example, summary }) => [example, summary]),
      },
    ],
    values: { service: services.map(({ name }) => name), fault: faults.map(({ name }) => name) },
    examples: [
      ["netecho server", "echo on port 8080 of every interface"],
      ["netecho server 127.0.0.1:0 [::1]:0 --show hex", "two free ports, every byte shown"],
      ["netecho server --json --once", "one connection, as JSON events"],
      ["netecho server tls://:8443 unix:/tmp/echo.sock", "TLS with a certificate of its own"],
      ...services.map(({ example, summary }) => [example, summary] as const),
    ],
  };
}

async function checkOptions(
  targets: readonly Target[],
  { values, given }: { values: Values<typeof options>; given: ReadonlySet<string> },
): Promise<void> {
  for (const { service } of targets) await service.check?.(values);
  if (given.size === 0) return;
  const { rejectForeign } = await import("./lib/cli/option_groups.ts");
  const present = targets.flatMap(({ transport: { listenOptions }, service }) => [
    listenOptions,
    service.options,
  ]);
  rejectForeign(given, { present: [common, ...present], owners: owners() });
}

// Most servers behave, and are spared the time that loading the faults takes.
async function planIfAny(
  targets: readonly Target[],
  { fault, faults, seed }: Values<typeof common>,
): Promise<FaultPlan | undefined> {
  if (fault.length + faults.length === 0) return undefined;
  const { planFaults } = await import("./lib/faults/plan.ts");
  const kinds = new Set(
    targets.map(({ transport }) => transport.connectionless ? "datagrams" : "streams"),
  );
  return planFaults({ fault, faults, seed, kinds });
}

// The last lines, unless nobody reads them: then stderr says so.
async function flush(log: Log, { insisted }: Shutdown): Promise<void> {
  const cut = insisted.then(() => wait(systemClock, INSISTENT_PATIENCE).over);
  const written = await Promise.race([log.flush(FLUSH_PATIENCE), cut]);
  if (!written) await say("netecho: The last output was not read, and is cut short");
}

// The one that was made for this run is all that a peer can trust it by.
function showCertificate(
  { listener: { address, certificate } }: Binding,
  { log, quiet }: { log: Log; quiet: boolean },
): void {
  if (!certificate || (quiet && !certificate.generated)) return;
  const { generated, subject, names, fingerprint, validTo } = certificate;
  const until = new Date(validTo).toISOString().slice(0, 10);
  log.emit({ event: "certificate", address, generated, subject, names, fingerprint, until });
}

async function createLimits(
  { maxConnections, maxConnectionsPerHost, allow, deny }: Values<typeof common>,
): Promise<Limits> {
  const limits = { connections: maxConnections, connectionsPerHost: maxConnectionsPerHost };
  if (allow.length + deny.length === 0) return limits;
  const { Access } = await import("./lib/server/access_list.ts");
  return { ...limits, access: new Access({ allow, deny }) };
}

async function createLog(
  { json, quiet, show, color, capture }: Values<typeof common>,
): Promise<Log> {
  const errors = new LineSink(Deno.stderr);
  const stdout = capture === "-" ? Deno.stderr : Deno.stdout; // a capture has it to itself
  const output = new LineSink(stdout, {
    onError: (error) =>
      errors.push(
        `netecho: Cannot write to stdout: ${explain(error)}; serving on without output\n`,
      ),
  });
  const payload = show === "none" ? [] : show === "hex" ? ["in", "out"] as const : ["in"] as const;
  if (json) {
    const { jsonFormat } = await import("./lib/log/json_format.ts");
    return new Log({ format: jsonFormat({ show }), output, payload, quiet });
  }
  const format = textFormat({ show, paint: painter(color, stdout), width: dumpWidth(stdout) });
  return new Log({ format, output, errors, payload, quiet });
}
