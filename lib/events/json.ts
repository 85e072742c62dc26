/** Events as JSON, one object a line (https://jsonlines.org). */
import { type Address, formatAddress } from "../address.ts";
import { UNSAFE } from "../printable.ts";
import { type Event, type EventMap, type Format, type Show } from "./event.ts";

const PREVIEW = 4096; // bytes of a chunk that are given as text; hex gives all of them

/**
 * The JSON format: `event`, `time` (ISO 8601), then the event's own fields. Addresses are written
 * as on the command line; `listening` also has `transport`, `hostname` and `port`.
 */
export function jsonFormat({ show }: { show: Show }): Format {
  return (event, time) => {
    const { event: name, ...fields } = event;
    const record = {
      event: kebab(name),
      time: new Date(time).toISOString(),
      ...(event.event === "data" ? dataFields(event, show) : plain(fields)),
    };
    // JSON itself asks for no more than the C0 controls to be escaped.
    return `${JSON.stringify(record).replace(UNSAFE, escape)}\n`;
  };
}

function plain(fields: Omit<Event, "event">): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      key === "address"
        ? [[key, formatAddress(value as Address)], ...Object.entries(value as Address)]
        : [[key, isAddress(value) ? formatAddress(value) : value]]
    ),
  );
}

function dataFields(data: EventMap["data"], show: Show): Record<string, unknown> {
  const { connection, direction, offset, payload } = data;
  const head = { connection, direction, offset, bytes: payload.length };
  if (show === "hex") return { ...head, hex: payload.toHex() };
  if (show === "size") return head;
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload.subarray(0, PREVIEW));
  return payload.length > PREVIEW ? { ...head, text, truncated: true } : { ...head, text };
}

function isAddress(value: unknown): value is Address {
  return typeof value === "object" && value !== null && "transport" in value;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function escape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
