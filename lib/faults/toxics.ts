/** Toxics as toxiproxy's configuration and API have them. */
import { UsageError } from "../core/errors.ts";
import { isObject } from "../core/json.ts";
import type { OptionTable } from "../cli/options.ts";

/** A toxic: the units of its attributes are toxiproxy's. */
export interface Toxic {
  readonly type: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** What toxiproxy calls our directions. */
export const STREAM_NAMES = { out: "downstream", in: "upstream", both: "both" } as const;

// Durations are in milliseconds, sizes in bytes; these are not.
const UNITS: ReadonlyMap<string, string> = new Map([
  ["bandwidth.rate", "KB/s"],
  ["slicer.delay", "us"],
]);

/** The unit of an attribute that is not milliseconds or bytes. */
export function unitOf(type: string, attribute: string): string | undefined {
  return UNITS.get(`${type}.${attribute}`);
}

/**
 * Whether an entry of a list of faults is a toxic.
 *
 * @throws {UsageError} if its attributes are none
 */
export function isToxic(entry: object): entry is Toxic {
  if (!("type" in entry) || typeof entry.type !== "string") return false;
  const { attributes = {} } = entry as { attributes?: unknown };
  if (isObject(attributes)) return true;
  throw new UsageError('attributes: an object is needed, as in {"latency": 200}');
}

/** The parameters of a toxic as a fault takes them; `options` are those of its kind. */
export function parametersOf(
  { type, attributes = {}, ...rest }: Toxic,
  options: OptionTable,
): Record<string, unknown> {
  const withUnit = ([key, value]: [string, unknown]) => {
    const usual = Object.hasOwn(options, key) && options[key]!.placeholder === "D" ? "ms" : "";
    const unit = unitOf(type, key) ?? usual;
    return [key, typeof value === "number" ? `${value}${unit}` : value] as const;
  };
  return { ...rest, ...Object.fromEntries(Object.entries(attributes).map(withUnit)) };
}
