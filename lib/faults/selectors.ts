/** What every fault may be told: which connections, which way, and when. */
import { type BytePattern, bytePattern } from "../core/byte_pattern.ts";
import { UsageError } from "../core/errors.ts";
import { choice, list, type Option, switchedOn, text, type Values } from "../cli/options.ts";
import { parseDuration, parseSize } from "../core/units.ts";
import { share } from "./parameters.ts";

/** A point of a connection: so many bytes of this direction, or milliseconds from its beginning. */
export type Point = { readonly bytes: number } | { readonly milliseconds: number };

/** The keys that choose connections. */
export const selectionOptions = {
  toxicity: share("the share of connections that it strikes", 1),
  connections: text({
    summary: "these connections alone: 3, 1-10, or every 4",
    placeholder: "N|N-N|every N",
    read: readConnections,
  }),
  on: list({
    summary:
      "the endpoints that have it, by name or by address as written (repeatable; default all)",
    placeholder: "NAME",
  }),
  enabled: switchedOn({ summary: "whether it is in force; --control can switch it" }),
  name: text({
    summary: "what the fault is called (default: its kind and direction)",
    placeholder: "NAME",
  }),
};

/** The keys that every fault takes, besides its own; one that strikes at accept those above. */
export const commonOptions = {
  direction: choice(["out", "in", "both"], {
    summary:
      "what goes to the client, what comes from it, or both; toxiproxy's stream=downstream " +
      "is out, stream=upstream is in",
  }),
  ...selectionOptions,
  after: point("from here on; a time counts from the beginning of the connection"),
  until: point("up to here"),
  match: text({
    summary: "from the first chunk on that has this in it, or ends what began at most 4 KiB before",
    placeholder: "TEXT|/regex/",
    read: readPattern,
  }),
};

/** The values of those keys. */
export type CommonValues = Values<typeof commonOptions>;

/** Throws a {@linkcode UsageError} where a fault would end before it begins. */
export function checkWindow(name: string, settings: Partial<CommonValues>): void {
  const { after, until } = settings;
  const unit = until && "bytes" in until ? "bytes" : "milliseconds";
  const [from, to] = [after, until].map((point) => (point as Record<string, number>)?.[unit] ?? 0);
  if (until && from! >= to!) throw new UsageError(`${name}: until must be later than after`);
}

function point(summary: string): Option<Point | undefined> {
  return text({ summary, placeholder: "SIZE|D", read: readPoint });
}

function readPoint(given: string): Point {
  if (/^[\d.]+\s*(us|µs|ms|s|m|h)$/.test(given)) return { milliseconds: parseDuration(given) };
  try {
    return { bytes: parseSize(given) };
  } catch {
    throw new UsageError(`a size or a duration, as in 10KB or 5s, is needed, not "${given}"`);
  }
}

function readConnections(given: string): (connection: number) => boolean {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(given) ?? [];
  if (Number(first) >= 1 && Number(first) <= Number(last)) {
    return (connection) => connection >= Number(first) && connection <= Number(last);
  }
  const every = Number(/^every ([1-9]\d*)$/.exec(given)?.[1]);
  if (every > 0) return (connection) => connection % every === 0;
  throw new UsageError(`connections such as 3, 1-10 or "every 4" are needed, not "${given}"`);
}

function readPattern(given: string): BytePattern {
  const encoder = new TextEncoder();
  return bytePattern(given, { literal: (text) => encoder.encode(text) });
}
