/** The `server` subcommand: options, endpoints, sessions, summary. */
import { captureIfAny } from "./lib/capture/open.ts";
import type { HelpPage } from "./lib/cli/help.ts";
import type { OptionOwner } from "./lib/cli/option_groups.ts";
import { optionName, type Values } from "./lib/cli/options.ts";
import { type ParsedOptions, parseOptions } from "./lib/cli/parse.ts";
import { delay, systemClock } from "./lib/core/clock.ts";
import { NetworkError, UsageError } from "./lib/core/errors.ts";
import { memoryBudget } from "./lib/core/memory_budget.ts";
import { handleSignals, type Shutdown } from "./lib/core/signals.ts";
import type { Control } from "./lib/control/control.ts";
import type { FaultSpec } from "./lib/faults/parse.ts";
import type { Log } from "./lib/log/log.ts";
import { openServerLog } from "./lib/log/open.ts";
import { scheme } from "./lib/net/address.ts";
import { checkDescriptorLimit, raiseDescriptorLimit } from "./lib/net/descriptor_limit.ts";
import { exactClock } from "./lib/net/linux/exact_clock.ts";
import { libc } from "./lib/net/linux/libc.ts";
import { preloadStreams } from "./lib/net/streams.ts";
import { listenOptions, transports } from "./lib/net/transports.ts";
import { controlOptions } from "./lib/control/options.ts";
import { checkConflicts, checkLoops } from "./lib/server/conflicts.ts";
import { Admissions } from "./lib/server/admissions.ts";
import { announce } from "./lib/server/announce.ts";
import {
  type EndpointSpec,
  optionsOf,
  parseEndpoints,
  readEndpoint,
} from "./lib/server/endpoint_spec.ts";
import { Endpoints } from "./lib/server/endpoints.ts";
import { optionGroups, serverOptions } from "./lib/server/options.ts";
import type { LiveServerOptions } from "./lib/server/live_server.ts";
import { planIfAny } from "./lib/server/fault_targets.ts";
import { OneSession } from "./lib/server/once.ts";
import { serve } from "./lib/server/serve.ts";
import { serviceOptions, services } from "./lib/server/services.ts";
import type { ServerContext } from "./lib/server/session.ts";
import { say } from "./lib/terminal/output.ts";

const DEFAULT_ADDRESS = ":8080";
const FLUSH_TIMEOUT_MS = 1000; // for the last lines to be read
const INSISTENT_FLUSH_TIMEOUT_MS = 100; // the same, after a second signal

const NO_RESETS = "No RST can be sent here, which needs Linux and the permission to call its " +
  "functions (--allow-ffi): reset_peer and refuse:reset end with FIN";

type ServerValues = Values<typeof serverOptions>;

/** Runs the server until it is stopped. Returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // What services and transports need or exclude is checked for each endpoint.
  const tables = [serverOptions, controlOptions, serviceOptions, listenOptions];
  const checked = [serverOptions, controlOptions];
  const parsed = await parseOptions(tables, args, { checked });
  const values = parsed.of(serverOptions);
  const control = parsed.of(controlOptions);
  if (values.help) {
    const { printHelp } = await import("./lib/cli/help.ts");
    return await printHelp(await helpPage());
  }
  const live = control.control !== undefined;
  const { specs, ownFaults, seed } = await endpointsOf(parsed, control);
  checkConflicts(specs, { mayBeNone: live || control.config !== undefined });
  checkLoops(specs);
  const several = values.once && specs.find(({ service }) => service.needsSeveral)?.service;
  if (several) {
    throw new UsageError(
      `Option --once: a peer of service ${several.name} needs several connections`,
    );
  }
  if (!live) await rejectUnused(specs, parsed.given);
  const faults = await planIfAny(specs, { ...values, seed: values.seed ?? seed, live, ownFaults });
  if (faults?.resets && !libc()) await say(`netecho: ${NO_RESETS}`);
  const admissions = new Admissions(values);
  memoryBudget.limit = values.maxMemory;
  const shutdown = handleSignals();
  const log = await openLog(specs, { ...values, live });
  const endpoints = new Endpoints();
  const once = values.once ? new OneSession(() => stopConnecting(endpoints)) : undefined;
  const server: ServerContext = {
    log,
    clock: faults ? exactClock() : systemClock,
    nextConnection: counter(),
    captures: new Set(),
  };
  const hooks = { onActive: once?.onActive, onEnd: once?.onEnd };
  for (const [index, spec] of specs.entries()) {
    const admission = await admissions.of(spec);
    endpoints.add(spec, { server, admission, faults: faults?.endpoints[index], ...hooks });
  }
  await endpoints.bindAll();
  // After listening, so that a running server's capture file is not overwritten.
  let controlled: Control | undefined;
  const begin = async () => {
    if (live) {
      controlled = await startControl(control, {
        ...hooks,
        endpoints,
        context: server,
        admissions,
        defaults: parsed,
        seed: faults!.seed,
      });
    }
    const capture = await captureIfAny(values);
    if (capture) server.captures.add({ capture });
    return capture;
  };
  const capture = await begin().catch(async (error) => {
    await controlled?.close();
    await endpoints.stopListening();
    throw error;
  });
  const limited = checkDescriptorLimit(values.maxConnections ?? 0, "--max-connections");
  if (limited) await say(`netecho: ${limited}`);
  announce(endpoints, { log, faults, quiet: values.quiet });
  if (controlled) {
    const { url, page } = controlled;
    log.emit({ event: "control", url, page, seed: faults!.seed });
  }
  await Promise.resolve(); // writes those lines before the next steps, which take milliseconds
  systemClock.after(0, preloadStreams);
  if (Deno.build.standalone) systemClock.after(0, raiseDescriptorLimit); // the runtime does it else
  const stopping = Promise.race([shutdown.requested, ...(once ? [once.ended] : [])]);
  stopping.then(() => controlled?.freeze());
  const ending = await serve(endpoints, {
    ...values,
    done: once?.ended,
    shutdown,
    log,
    clock: systemClock,
  });
  await controlled?.close();
  // Who is given time to end, is given time to read.
  const patience = Math.max(values.grace, FLUSH_TIMEOUT_MS);
  const insisted = shutdown.insisted.then(() => false);
  const whole = await Promise.race([capture?.flush(patience) ?? true, insisted]);
  await flush(log, shutdown);
  if (once && (ending?.reason === "reset" || ending?.reason === "error")) {
    throw new NetworkError(`The connection failed: ${ending.detail ?? "reset by the peer"}`);
  }
  return whole ? 0 : 1;
}

type ControlValues = Values<typeof controlOptions>;

// Those of the command line and those of a file. Without either there is one, unless others come.
async function endpointsOf(
  parsed: ParsedOptions,
  { control, config: path }: ControlValues,
): Promise<{ specs: EndpointSpec[]; ownFaults: FaultSpec[][]; seed: number | undefined }> {
  const { positionals } = parsed;
  const given = positionals.length > 0 || control || path ? positionals : [DEFAULT_ADDRESS];
  const specs = await parseEndpoints(given, parsed);
  const ownFaults: FaultSpec[][] = specs.map(() => []);
  if (path === undefined) return { specs, ownFaults, seed: undefined };
  const { readConfig } = await import("./lib/control/config.ts");
  const { endpoints, seed } = await readConfig(path);
  for (const { words, faults } of endpoints) {
    specs.push(await readEndpoint(words, parsed));
    ownFaults.push([...faults]);
  }
  return { specs, ownFaults, seed };
}

async function startControl(
  values: ControlValues,
  options: LiveServerOptions,
): Promise<Control> {
  const { startControl } = await import("./lib/control/control.ts");
  return await startControl(values.control!, { ...options, values });
}

function counter(): () => number {
  let count = 0;
  return () => ++count;
}

// A connectionless listener also receives for the session that it has opened.
function stopConnecting(endpoints: Endpoints): void {
  endpoints.admitNoMore("--once serves one connection");
  endpoints.stopListening(({ spec: { transport } }) => !transport.connectionless);
}

function owners(): OptionOwner[] {
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
    usage: ["netecho server [ADDRESS[=SERVICE][,key=value...]...] [options]"],
    summary: "A peer that shows every byte: an echo server (RFC 862), unless another service is " +
      "named. ADDRESS is [tcp://|tls://|udp://]HOST:PORT, [V6]:PORT, :PORT, PORT or unix:PATH; " +
      `the default is ${DEFAULT_ADDRESS}, on all interfaces; port 0 takes any free port. ` +
      "Keys are the options below, without dashes, for this address alone (netecho help " +
      "endpoints). Durations are written 250us, 10ms, 1.5s, 2m.",
    sections: [
      ...optionGroups,
      { title: "changing it while it runs", options: controlOptions },
      ...sectionsOf(owners()),
    ],
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
      [
        "netecho server :7 :9=discard,name=slow --fault latency:200ms,on=slow",
        "two endpoints, one of them slow",
      ],
      ...services.map(({ example, summary }) => [example, summary] as const),
    ],
  };
}

// An option that no endpoint uses would be ignored, and its user misled.
async function rejectUnused(
  specs: readonly EndpointSpec[],
  given: ParsedOptions["given"],
): Promise<void> {
  if (given.size === 0) return;
  const { rejectForeign } = await import("./lib/cli/option_groups.ts");
  const present = [serverOptions, controlOptions, ...specs.map(optionsOf)];
  rejectForeign(given, { present, owners: owners() });
  const tables = specs.map((spec) => ({ ...spec, table: optionsOf(spec) }));
  for (const key of given) {
    const having = tables.filter(({ table }) => Object.hasOwn(table, key));
    const isOwn = having.length > 0 && having.every(({ own }) => own.has(key)) ||
      key === "service" && specs.every(({ ownService }) => ownService);
    if (isOwn) {
      throw new UsageError(`Option ${optionName(key)} is not used: each endpoint has its own`);
    }
  }
}

// The last lines, unless nobody reads them: then stderr says so.
async function flush(log: Log, { insisted }: Shutdown): Promise<void> {
  const cut = insisted.then(() => delay(INSISTENT_FLUSH_TIMEOUT_MS, { clock: systemClock }));
  const written = await Promise.race([log.flush(FLUSH_TIMEOUT_MS), cut]);
  if (!written) await say("netecho: The last output was not read, and is cut short");
}

function openLog(
  specs: readonly EndpointSpec[],
  values: ServerValues & { readonly live: boolean },
): Promise<Log> {
  const named = new Set(specs.map(({ name }) => name));
  const showsEndpoint = (name: string) => values.live || specs.length > 1 || named.has(name);
  return openServerLog({ ...values, showsEndpoint });
}
