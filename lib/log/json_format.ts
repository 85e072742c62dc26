/** Events as JSON, one object a line (https://jsonlines.org). */
import { type Address, formatAddress } from "../net/address.ts";
import { toKebabCase } from "@std/text/to-kebab-case";
import { safeJson, wholeCharacters } from "../terminal/sanitize.ts";
import { type Event, type EventMap, type Format, MAX_DUMP_BYTES, type Show } from "./event.ts";

const MAX_TEXT_BYTES = 4096; // bytes of a chunk that are given as text

/**
 * The JSON format: `event`, `time` (ISO 8601), then the event's own fields. Addresses are written
 * as on the command line; `listening` also has `transport`, `hostname` and `port`. Payload that is
 * not UTF-8 is given as `hex`; a preview of it has `truncated`.
 */
export function jsonFormat({ show }: { show: Show }): Format {
  return (event, time) => {
    const { event: name, ...fields } = event;
    const record = {
      event: toKebabCase(name),
      time: new Date(time).toISOString(),
      ...(event.event === "data" ? dataFields(event, show) : plain(fields)),
    };
    return `${safeJson(record)}\n`;
  };
}

function plain(fields: Omit<Event, "event">): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      key === "address"
        ? [[key, formatAddress(value as Address)], ...Object.entries(value as Address)]
        : [[key, isAddress(value) ? formatAddress(value) : rounded(value)]]
    ),
  );
}

function dataFields(data: EventMap["data"], show: Show): Record<string, unknown> {
  const { endpoint, connection, direction, offset, payload } = data;
  const head = { endpoint, connection, direction, offset, bytes: payload.length };
  if (show === "size") return head;
  const shown = wholeCharacters(payload, show === "hex" ? MAX_DUMP_BYTES : MAX_TEXT_BYTES);
  const content = show === "hex" ? { hex: shown.toHex() } : textOrHex(shown);
  return { ...head, ...content, ...(shown.length < payload.length ? { truncated: true } : {}) };
}

// Bytes that are not UTF-8 cannot be recovered from a text.
function textOrHex(bytes: Uint8Array): { text: string } | { hex: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { hex: bytes.toHex() };
  }
}

// Microseconds are precise enough.
function rounded(value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}

function isAddress(value: unknown): value is Address {
  return typeof value === "object" && value !== null && "transport" in value;
}
