/** Events as lines for a person. */
import { describeTcpTotals } from "../net/tcp_info.ts";
import { describeHello, shownNames } from "../net/tls_session.ts";
import { showAddress } from "../net/address.ts";
import { CYAN, DIM, GREEN, type Paint, RED, YELLOW } from "../terminal/colors.ts";
import { hexdump } from "../terminal/hexdump.ts";
import { preview, printableText } from "../terminal/sanitize.ts";
import {
  formatByteRate,
  formatCount,
  formatDuration,
  formatFigures,
  formatQuantity,
} from "../core/units.ts";
import {
  type CloseReason,
  type EventMap,
  type Format,
  type Formatters,
  formatWith,
  MAX_DUMP_BYTES,
  type Show,
  type TlsFacts,
} from "./event.ts";

const MAX_TEXT_BYTES = 256; // bytes of a chunk that are shown as text
const MARKS = { in: "<", out: ">" } as const;
const REASONS: Readonly<Record<CloseReason, string>> = {
  eof: "closed by the peer",
  done: "closed by the service",
  reset: "reset by the peer",
  idle: "idle for too long",
  stopped: "server stopped",
  fault: "ended by a fault",
  control: "closed by the control interface",
  error: "failed",
};

/** The text format. Every line but `listening` begins with the local time of day. */
export function textFormat(
  { show, paint, width, showsEndpoint = () => false }: {
    readonly show: Show;
    readonly paint: Paint;
    /** Whether lines name this endpoint; lines of payload never do. */
    readonly showsEndpoint?: (name: string) => boolean;
    /** Bytes of a line of a dump. */
    readonly width?: number;
  },
): Format {
  const timeOfDay = cachedTimeOfDay(paint);
  const formatters = {
    ...lines(paint),
    data: (data: EventMap["data"]) => dataLines(data, { show, width }),
  };
  return (event, time) => {
    if (event.event === "listening") return listeningLine(event, showsEndpoint);
    if (event.event === "control") return `control ${event.page ?? event.url}\n`;
    const stamp = timeOfDay(time);
    const tag = "connection" in event && event.connection !== undefined
      ? paint(CYAN, `#${event.connection} `)
      : "";
    const endpoint =
      event.event !== "data" && "endpoint" in event && event.endpoint !== undefined &&
        showsEndpoint(event.endpoint)
        ? paint(DIM, `${printableText(event.endpoint)} `)
        : "";
    return formatWith(formatters, event).map((line) => `${stamp}${endpoint}${tag}${line}\n`).join(
      "",
    );
  };
}

// The endpoint as the command line writes it, so that a script can read the port.
function listeningLine(
  { endpoint = "", address }: EventMap["listening"],
  isNamed: (endpoint: string) => boolean,
): string {
  const written = showAddress(address);
  const hasName = isNamed(endpoint) && !written.endsWith(endpoint);
  return `listening ${written}${hasName ? `,name=${printableText(endpoint)}` : ""}\n`;
}

// In the order of EventMap.
function lines(paint: Paint): Omit<Formatters<string[]>, "data"> {
  return {
    listening: () => [],
    disabled: ({ address }) => [`disabled ${showAddress(address)}`],
    certificate: ({ address, generated, subject, names, until, fingerprint }) => [
      `certificate of ${showAddress(address)}: ` +
      (generated ? "self-signed" : printableText(subject)) +
      (names.length > 0 ? `, for ${printableText(shownNames(names))}` : "") + `, until ${until}`,
      `fingerprint SHA-256 ${fingerprint}`,
    ],
    opened: ({ remote, via, tls = {}, alpn, subject, service }) => [
      `${paint(GREEN, "opened")} ${showAddress(remote)}` +
      [
        via && ` via ${showAddress(via)}`,
        ...[
          describeAsked(tls),
          tls.protocol,
          tls.cipher,
        ]
          .map((part) => part && `, ${printableText(part)}`),
        subject && `, certificate ${printableText(subject)}`,
        alpn && `, ALPN ${printableText(alpn)}`,
        service !== "echo" && `, ${service}`,
      ].filter(Boolean).join(""),
    ],
    closed: (event) => [
      `${paint(["eof", "done"].includes(event.reason) ? GREEN : YELLOW, "closed")} ` +
      `${showAddress(event.remote)}: ${formatQuantity(event.received, "byte")} in, ` +
      `${formatQuantity(event.sent, "byte")} out, ${formatDuration(event.elapsedMs)}, ` +
      (event.detail ?? REASONS[event.reason]),
    ],
    faults: ({ seed, faults }) => [
      `faults ${printableText(faults.join(" "))}, ${paint(CYAN, `--seed ${seed}`)}`,
    ],
    fault: ({ fault, direction, detail }) => [
      `${paint(YELLOW, "fault")} ${fault}${direction === "in" ? " (in)" : ""} ` +
      printableText(detail),
    ],
    control: () => [],
    changed: ({ change, detail }) => [
      `${paint(YELLOW, change.replace("-", " "))}${detail && ` ${printableText(detail)}`}`,
    ],
    upstream: ({ detail }) => [`${paint(DIM, "upstream")} ${printableText(detail)}`],
    measured: ({ detail }) => [`${paint(CYAN, "measured")} ${printableText(detail)}`],
    refused: ({ remote, detail, tls = {} }) => {
      const asked = describeAsked(tls);
      return [
        `${paint(YELLOW, "refused")} ${showAddress(remote)}: ${printableText(detail)}` +
        (asked && ` (${printableText(asked)})`),
      ];
    },
    acceptFailed: ({ address, error, gone }) => [
      gone
        ? `${showAddress(address)}: ${error}`
        : `${paint(RED, "Cannot accept")} on ${showAddress(address)}: ${error}; trying again`,
    ],
    acceptRecovered: ({ address, failures }) => [
      `accepting again on ${showAddress(address)} after ${formatQuantity(failures, "failure")}`,
    ],
    stats: (event) => [
      `${formatCount(event.open)} open, ${rate(event.openedPerSecond, "connection")}, ` +
      `${rate(event.chunksPerSecond, "chunk")}, ${formatByteRate(event.receivedPerSecond)} in, ` +
      `${formatByteRate(event.sentPerSecond)} out` +
      (event.tcp ? `; ${describeTcpTotals(event.tcp)}` : ""),
    ],
    stopping: ({ open, graceMs }) => [
      `stopping: waiting up to ${formatDuration(graceMs)} for ${
        formatQuantity(open, "connection")
      }; ` +
      "interrupt again to stop at once",
    ],
    summary: (event) => [
      `served ${formatQuantity(event.connections, "connection")}` +
      (event.refused ? `, refused ${formatCount(event.refused)}` : "") +
      `: ${formatQuantity(event.received, "byte")} in, ${
        formatQuantity(event.sent, "byte")
      } out, ` +
      formatDuration(event.elapsedMs),
    ],
    missed: ({ chunks, others }) => [
      `… ${
        [[chunks, "chunk"] as const, [others, "other event"] as const]
          .filter(([count]) => count > 0).map(([count, what]) => formatQuantity(count, what)).join(
            " and ",
          )
      } not shown`,
    ],
  };
}

function dataLines(
  { direction, offset, payload }: EventMap["data"],
  { show, width }: { readonly show: Show; readonly width: number | undefined },
): string[] {
  const mark = MARKS[direction];
  if (show === "hex") {
    const lines = hexdump(payload.subarray(0, MAX_DUMP_BYTES), { offset, ...(width && { width }) });
    const rest = payload.length - MAX_DUMP_BYTES;
    if (rest > 0) lines.push(`… ${formatQuantity(rest, "byte")} not shown`);
    return lines.map((line) => `${mark} ${line}`);
  }
  const size = `${mark} ${formatQuantity(payload.length, "byte")}`;
  return [show === "size" ? size : `${size}: ${preview(payload, MAX_TEXT_BYTES)}`];
}

// Building a Date costs as much as the rest of a line; many events share a millisecond.
function cachedTimeOfDay(paint: Paint): (time: number) => string {
  let last = NaN;
  let text = "";
  return (time) => {
    if (time === last) return text;
    last = time;
    const date = new Date(time);
    const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(
      (part) => String(part).padStart(2, "0"),
    );
    const fraction = String(date.getMilliseconds()).padStart(3, "0");
    return text = paint(DIM, `${hours}:${minutes}:${seconds}.${fraction} `);
  };
}

function rate(perSecond: number, unit: string): string {
  const figures = formatFigures(perSecond);
  return `${figures} ${unit}${figures === "1" ? "" : "s"}/s`;
}

function describeAsked({ serverName, offered }: TlsFacts): string {
  return describeHello({ serverName, versions: offered });
}
