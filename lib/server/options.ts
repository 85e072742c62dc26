/** The options of every server, by what they are about. */
import { serviceNamed } from "./listeners.ts";
import { UsageError } from "../core/errors.ts";
import { capturing, choice, count, duration, flag, interval, list, text } from "../cli/options.ts";

const networks = (summary: string) =>
  list({ summary, placeholder: "CIDR|@FILE", read: (text) => [text] });

const serving = {
  service: text({
    summary: "what to do with a peer where its ADDRESS does not say (default echo)",
    placeholder: "NAME",
    read: serviceNamed,
  }),
  once: flag({
    summary: "serve one connection, then exit",
    excludes: ["maxConnections", "maxConnectionsPerHost"],
  }),
  grace: duration(5000, {
    summary: "when stopped, wait D for open connections to end (default 5s)",
  }),
  help: flag({ short: "h", summary: "print this help" }),
};

const showing = {
  show: choice(["text", "hex", "size", "none"], {
    summary: "how to show payload: what comes in as text (the default), what goes in and out as " +
      "a hex dump, its size, or not at all",
    excludes: ["quiet"],
  }),
  json: flag({ summary: "print events as JSON, one object a line" }),
  quiet: flag({
    short: "q",
    summary: "print listening lines, faults, a certificate made for this run, and errors alone",
  }),
  stats: interval(undefined, { summary: "print a line of rates every D" }),
  color: choice(["auto", "always", "never"], {
    summary: "colour: on a terminal (the default), always or never",
  }),
  ...capturing,
};

const admitting = {
  maxConnections: count({ summary: "serve at most N connections at once; close further ones" }),
  maxConnectionsPerHost: count({ summary: "the same for each remote host" }),
  allow: networks("serve these networks alone; behind a proxy, as its header says (repeatable)"),
  deny: networks("do not serve these networks (repeatable)"),
  idleTimeout: interval(undefined, {
    summary: "close a connection after D without a byte (default: none; 60s over UDP)",
  }),
};

const misbehaving = {
  fault: list({
    summary: "misbehave: KIND:VALUE,key=value..., as listed below (repeatable, in this order)",
    placeholder: "FAULT",
    read: (text) => [text],
  }),
  faults: list({
    summary: "the faults of a JSON file: a list of objects with kind, and parameters by name",
    placeholder: "FILE",
    read: (path) => [path],
  }),
  seed: text({
    summary: "what faults leave to chance is the same for the same N (default: drawn, and printed)",
    placeholder: "N",
    read: readSeed,
  }),
};

/** Under the titles of the help. */
export const groups = [
  { title: "options", options: serving },
  { title: "what is shown and kept", options: showing },
  { title: "who is served", options: admitting },
  { title: "misbehaviour", options: misbehaving },
];

/** All of them. */
export const common = { ...serving, ...showing, ...admitting, ...misbehaving };

function readSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed < 2 ** 32) return seed;
  throw new UsageError(`a whole number below 2^32 is needed, not "${text}"`);
}
