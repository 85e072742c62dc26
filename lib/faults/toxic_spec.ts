/** Faults as toxics, and toxics as faults, in the units of toxiproxy's interface. */
import { UsageError } from "../core/errors.ts";
import { LONGEST_WAIT_MS } from "../core/units.ts";
import { type FaultSpec, faultSpec, pairsOf } from "./parse.ts";
import { faults } from "./kinds.ts";
import { commonOptions } from "./selectors.ts";
import { parametersOf, STREAM_NAMES, unitOf } from "./toxics.ts";

/** toxiproxy's types, and their attributes; a strict client knows no other. */
const ATTRIBUTES: ReadonlyMap<string, readonly string[]> = new Map([
  ["latency", ["latency", "jitter"]],
  ["bandwidth", ["rate"]],
  ["slow_close", ["delay"]],
  ["timeout", ["timeout"]],
  ["reset_peer", ["timeout"]],
  ["slicer", ["average_size", "size_variation", "delay"]],
  ["limit_data", ["bytes"]],
  ["noop", []],
]);

/** Parameters by which a fault does as the toxic of its name. */
const LIKE_TOXIPROXY: ReadonlyMap<string, Readonly<Record<string, boolean>>> = new Map([
  ["reset_peer", { from_data: true }],
  ["timeout", { since_last: true }],
]);

const MICROSECONDS = 1000; // in a millisecond
const BYTES_OF_RATE = 1000; // toxiproxy's rate is in KB/s

/** Numbers by name, or for kinds that toxiproxy does not have also texts. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What a toxic says of itself. */
export interface ToxicWords {
  readonly name?: string | undefined;
  readonly type: string;
  readonly stream: "upstream" | "downstream";
  /** The share of connections that it strikes; toxiproxy takes any number. */
  readonly toxicity: number;
  readonly attributes: Attributes;
  /** Keys that toxiproxy does not have, such as `match`. */
  readonly selectors?: Attributes;
}

/** Whether toxiproxy has this type. */
export function isToxicType(type: string): boolean {
  return ATTRIBUTES.has(type);
}

/** Whether this is a kind of fault. */
export function isFaultKind(type: string): boolean {
  return faults.some(({ name }) => name === type);
}

/**
 * The fault that a toxic is. toxiproxy's own types take every number, as they do there.
 *
 * @throws {UsageError} where the attributes of another type are none
 */
export function toxicSpec(
  { name, type, stream, toxicity, attributes, selectors }: ToxicWords,
): FaultSpec {
  const names = ATTRIBUTES.get(type);
  const kind = faults.find((fault) => fault.name === type);
  if (!kind) throw new UsageError("invalid toxic type");
  const inBounds = (attribute: string) => {
    const isTime = kind.options[attribute]?.placeholder === "D";
    const longest = LONGEST_WAIT_MS * (unitOf(type, attribute) === "us" ? MICROSECONDS : 1);
    const most = isTime ? longest : Number.MAX_SAFE_INTEGER;
    return Math.min(Math.max(0, Number(attributes[attribute] ?? 0)), most);
  };
  const all = names ? Object.fromEntries(names.map((each) => [each, inBounds(each)])) : attributes;
  const pairs = pairsOf({
    ...parametersOf({ type, attributes: all }, kind.options),
    ...LIKE_TOXIPROXY.get(type),
    ...(!kind.atAccept && { direction: stream === "upstream" ? "in" : "out" }),
    ...(name !== undefined && { name }),
    ...selectors,
  });
  const spec = faultSpec(type, { pairs, lenient: names !== undefined });
  const given = [...spec.given, ["toxicity", String(toxicity)] as const];
  return {
    ...spec,
    given: toxicity === 1 ? spec.given : given,
    common: { ...spec.common, toxicity },
    ...(names && { attributes: wholeNumbers(names, attributes) }),
  };
}

function wholeNumbers(names: readonly string[], attributes: Attributes): Attributes {
  return Object.fromEntries(names.map((name) => [name, Number(attributes[name] ?? 0)]));
}

/** The attributes of a fault: for toxiproxy's types all of them, as whole numbers. */
export function attributesOf({ fault, settings, attributes }: FaultSpec): Attributes {
  if (attributes) return attributes;
  const names = ATTRIBUTES.get(fault.name) ?? Object.keys(fault.options);
  return Object.fromEntries(names.flatMap((name) => {
    const value = settings[name];
    if (value === undefined && !ATTRIBUTES.has(fault.name)) return [];
    return [[name, typeof value === "number" ? inUnits(fault.name, name, value) : value ?? 0]];
  }));
}

function inUnits(type: string, name: string, value: number): number {
  const unit = unitOf(type, name);
  const factor = unit === "KB/s" ? 1 / BYTES_OF_RATE : unit === "us" ? MICROSECONDS : 1;
  const number = value * factor;
  return ATTRIBUTES.has(type) ? Math.round(number) : number;
}

/** The keys of a fault that toxiproxy does not have, and that say where and when it strikes. */
export function selectorsOf({ given }: FaultSpec): Attributes {
  const known = ["direction", "toxicity", "name", "on"];
  return Object.fromEntries(
    given.filter(([key]) => Object.hasOwn(commonOptions, key) && !known.includes(key)),
  );
}

/** The stream of a fault; one in both directions shows downstream. */
export function streamOf({ common: { direction } }: FaultSpec): "upstream" | "downstream" {
  return direction === "in" ? STREAM_NAMES.in : STREAM_NAMES.out;
}
