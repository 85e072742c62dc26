/** Faults as people ask for them: `KIND:VALUE,key=value`, or the same as JSON. */
import { explain, UsageError } from "../core/errors.ts";
import { initialValues, type OptionTable, readFile, type Values } from "../cli/options.ts";
import { seeded } from "../core/random.ts";
import { find } from "../core/named.ts";
import { checkWindow, choosing, type Common, common } from "./selectors.ts";
import type { Fault } from "./fault.ts";
import { faults } from "./kinds.ts";
import { systemClock } from "../core/clock.ts";

/** A fault that was asked for. */
export interface FaultSpec {
  readonly fault: Fault;
  readonly settings: Values<OptionTable>;
  readonly common: Common;
  /** As it was given. */
  readonly text: string;
}

/**
 * Reads `KIND[:VALUE][,key=value...]`.
 *
 * @throws {UsageError} naming what is wrong, and what would be right
 * @example
 * ```ts
 * import { parseFault } from "./parse.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { fault, settings } = parseFault("latency:200ms,jitter=50ms,direction=both");
 * assertEquals(fault.name, "latency");
 * assertEquals([settings.latency, settings.jitter], [200, 50]);
 * ```
 */
export function parseFault(text: string): FaultSpec {
  const [head = "", ...pairs] = text.split(/,(?=\w+=)/);
  const [, name = "", value, stray] = /^([^:,]*)(?::(.*)|,(.*))?$/s.exec(head)!;
  if (stray !== undefined) throw new UsageError(`${name}: "${stray}" is no key=value`);
  const given = pairs.map((pair): [string, string] => {
    const [, key = "", value = ""] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
    return [key, value];
  });
  return specOf(name, { main: value, given, text });
}

/**
 * The faults of a JSON file: a list of objects with `kind`, and the parameters by their names.
 *
 * @throws {UsageError} where it is not that
 */
export function readFaults(path: string): FaultSpec[] {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(readFile(path)));
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${path}: ${explain(error)}`);
  }
  if (!Array.isArray(data)) throw new UsageError(`${path}: a list of faults is needed`);
  return data.map((entry: unknown, index) => {
    const { kind, ...rest } = Object(entry) as Record<string, unknown>;
    const given = Object.entries(rest).map(([key, value]): [string, string] => [key, `${value}`]);
    const where = `${path}, fault ${index + 1}`;
    if (typeof kind !== "string") throw new UsageError(`${where}: a kind is needed, as in latency`);
    try {
      return specOf(kind, { main: undefined, given, text: JSON.stringify(entry) });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${where}: ${error.message}`, error.suggestion);
    }
  });
}

function specOf(
  name: string,
  { main, given, text }: {
    readonly main: string | undefined;
    readonly given: readonly (readonly [key: string, value: string])[];
    readonly text: string;
  },
): FaultSpec {
  const fault = find(faults, { name, kind: "fault" });
  const all = [...given];
  if (main === "") throw new UsageError(`${name} needs a value after its colon`);
  if (main !== undefined) {
    if (!fault.main) throw new UsageError(`${name} takes no value, not "${main}"`);
    all.unshift([fault.main, main]);
  }
  const keys = all.map(([key]) => key);
  const doubled = keys.find((key, index) => keys.indexOf(key) < index);
  if (doubled) throw new UsageError(`${name} has ${doubled} twice`);
  const table: OptionTable = { ...fault.options, ...(fault.atAccept ? choosing : common) };
  const read = all.map(([key, value]) =>
    [key, readParameter({ table, name, key, value })] as const
  );
  const settings = { ...initialValues({ ...table, ...common }), ...Object.fromEntries(read) };
  checkWindow(name, settings);
  fault.create(settings, REHEARSAL);
  return { fault, settings, common: settings as Common, text };
}

function readParameter(
  { table, name, key, value }: {
    readonly table: OptionTable;
    readonly name: string;
    readonly key: string;
    readonly value: string;
  },
): unknown {
  const option = Object.hasOwn(table, key) ? table[key] : undefined;
  const among = Object.keys(table);
  if (!option) {
    throw new UsageError(`${name} has no parameter "${key}"`, { given: key, among });
  }
  try {
    return option.parse(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${name}, ${key}: ${error.message}`, error.suggestion);
  }
}

// A fault that lacks what it needs says so at once, and not when somebody connects.
const nothing = () => {};
const REHEARSAL = {
  clock: systemClock,
  random: seeded(0),
  framed: false,
  fired: nothing,
  after: nothing,
  close: nothing,
  reset: nothing,
  finish: nothing,
};
