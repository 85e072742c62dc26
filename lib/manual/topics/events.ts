/** The events of `--json`. */
import { toKebabCase } from "@std/text/to-kebab-case";
import type { EventMap } from "../../log/event.ts";
import type { Topic } from "../topic.ts";

// The compiler names the event that is missing.
const EVENTS: Readonly<Record<keyof EventMap, string>> = {
  listening: "an endpoint listens: address, transport, hostname, port",
  disabled: "an endpoint is disabled: address",
  certificate:
    "the certificate of a TLS endpoint: subject, names, fingerprint, until, and whether " +
    "it was generated for this run",
  opened: "a connection is served: connection, remote, local, service; via, the proxy; tls, with " +
    "what the client asked for (serverName, offered) where that is known, and what was agreed on " +
    "(protocol, cipher) with --client-ca or --proxy-protocol; alpn; subject, of its certificate",
  data: "a chunk: connection, direction (in, out), offset, bytes; text, or hex where it is no " +
    "UTF-8; truncated",
  closed:
    "a connection has ended: received, sent (bytes), elapsedMs, reason (eof, done, reset, idle, " +
    "stopped, fault, error), detail; tcp, what the system knew of it",
  refused:
    "a connection was not served: remote, reason (denied, limit, host-limit, handshake), detail; " +
    "tls, what the client had asked for",
  faults: "the faults that are in force: seed, faults",
  fault: "a fault has struck: connection, fault, direction, detail",
  control: "where the control interface listens (`url`), and the seed of faults that are added",
  changed: "the control interface has changed an endpoint or a fault: `change` and `detail`",
  upstream: "what became of a forwarder's own connection: connection, detail",
  measured: "what a service has measured with its peer: connection, detail, figures",
  acceptFailed: "a connection could not be accepted: address, error, and whether the peer was gone",
  acceptRecovered: "connections are accepted again: address, failures",
  stats: "with --stats: open, openedPerSecond, chunksPerSecond, receivedPerSecond, sentPerSecond",
  stopping: "a signal has come: open, graceMs",
  summary: "at the end: connections, refused, received, sent, elapsedMs",
  missed: "what was not shown, as nobody read the output: chunks, others",
};

/** The topic `events`. */
export const events: Topic = {
  name: "events",
  summary: "what server --json prints",
  page: {
    summary: "Each line is an object with event, time (ISO 8601) and the fields of the event; " +
      "where it concerns an endpoint, endpoint is its name. Times are in milliseconds, sizes in bytes.",
    words: [{
      title: "events",
      rows: Object.entries(EVENTS).map(([name, text]) => [toKebabCase(name), text]),
    }],
    examples: [["netecho server 127.0.0.1:0 --json", "the port is in the first line"]],
  },
};
