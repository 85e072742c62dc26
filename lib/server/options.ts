/** The options of every server, by topic. */
import { find } from "../core/named.ts";
import { services } from "./services.ts";
import { UsageError } from "../core/errors.ts";
import { memoryBudget } from "../core/memory_budget.ts";
import { parseSize } from "../core/units.ts";
import { captureOptions } from "../capture/options.ts";
import { choice, count, duration, flag, interval, list, switchedOn, text } from "../cli/options.ts";

const networks = (summary: string) => list({ summary, placeholder: "CIDR|@FILE" });

const serving = {
  service: text({
    summary: "the service of each ADDRESS that names none",
    placeholder: "NAME",
    read: (name) => find(services, { name, kind: "service" }),
    initial: services[0],
    write: ({ name }) => name,
  }),
  once: flag({ summary: "serve one connection, the first that moves a byte, then exit" }),
  maxMemory: text({
    summary: "let faults and queues hold at most so many bytes together; beyond it senders wait",
    placeholder: "SIZE",
    read: parseSize,
    initial: memoryBudget.limit,
    write: (bytes) => `${bytes / 2 ** 20}MiB`,
  }),
  grace: duration({ initial: 5000, summary: "when stopped, wait D for open connections to end" }),
  help: flag({ short: "h", summary: "print this help" }),
};

const showing = {
  show: choice(["text", "hex", "size", "none"], {
    summary: "how to show payload: what comes in as text, what comes in and goes out as a hex " +
      "dump, its size alone, or not at all",
    excludes: ["quiet"],
  }),
  json: flag({ summary: "print events as JSON, one object a line" }),
  quiet: flag({
    short: "q",
    summary: "print only listening lines, faults, a certificate made for this run, and failures " +
      "to accept",
  }),
  stats: interval({ summary: "print a line of rates every D" }),
  color: choice(["auto", "always", "never"], {
    summary: "colour the output: on a terminal, always or never",
  }),
  ...captureOptions,
};

/** Who is served, and for how long: of the server, and of an endpoint that has its own. */
export const admissionOptions = {
  maxConnections: count({ summary: "serve at most N connections at once; close further ones" }),
  maxConnectionsPerHost: count({
    summary: "serve at most N connections of one remote host at once",
  }),
  allow: networks(
    "serve only these networks, by the address in the PROXY header if there is one (repeatable)",
  ),
  deny: networks("do not serve these networks (repeatable)"),
  idleTimeout: interval({
    summary: "close a connection after D without a byte (default: never; 60s over UDP)",
  }),
};

/** What else an endpoint may say of itself. */
export const endpointOptions = {
  name: text({ summary: "the name of the endpoint (default: its address)", placeholder: "NAME" }),
  enabled: switchedOn({ summary: "whether it listens when the server starts" }),
};

const misbehaving = {
  fault: list({
    summary:
      "add a fault: KIND:VALUE,key=value..., as listed below (repeatable; applied in this order)",
    placeholder: "FAULT",
  }),
  faults: list({
    summary: "add the faults of a JSON file: a list of objects with kind and parameters by name",
    placeholder: "FILE",
  }),
  seed: text({
    summary:
      "seed the randomness of faults, so that a run can be repeated (default: random, and printed)",
    placeholder: "N",
    read: readSeed,
  }),
};

/** The options by the titles of the help. */
export const optionGroups = [
  { title: "options", options: serving },
  { title: "what is shown and kept", options: showing },
  { title: "who is served", options: admissionOptions },
  { title: "misbehaviour", options: misbehaving },
];

/** All options of the server but those of services and transports. */
export const serverOptions = { ...serving, ...showing, ...admissionOptions, ...misbehaving };

function readSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed < 2 ** 32) return seed;
  throw new UsageError(`a whole number below 2^32 is needed, not "${text}"`);
}
