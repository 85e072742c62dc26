/** Faults as people ask for them: `KIND:VALUE,key=value`, or the same as JSON. */
import { readPairs, splitItems } from "../cli/items.ts";
import { readJsonList } from "../cli/files.ts";
import { initialValues, type OptionTable, type Values } from "../cli/options.ts";
import { UsageError } from "../core/errors.ts";
import { find } from "../core/named.ts";
import { unquote } from "../core/quotes.ts";
import type { Fault } from "./fault.ts";
import { faults } from "./kinds.ts";
import { isToxic, parametersOf, STREAM_NAMES } from "./toxics.ts";
import { checkWindow, commonOptions, type CommonValues, selectionOptions } from "./selectors.ts";

/** A fault that was asked for. */
export interface FaultSpec {
  readonly fault: Fault;
  readonly settings: Values<OptionTable>;
  readonly common: CommonValues;
  /** As it was given. */
  readonly text: string;
  /** The parameters that were given, and their texts. */
  readonly given: readonly (readonly [key: string, text: string])[];
  /** The attributes of a toxic, as they were given: they may be less than 0. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
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
  const { head, pairs } = splitItems(text, /^[^:,"]*:/);
  const [, name = "", value, stray] = /^([^:,]*)(?::(.*)|,(.*))?$/s.exec(head)!;
  if (stray !== undefined) throw new UsageError(`${name}: "${stray}" is no key=value`);
  return faultSpec(name, { main: value && unquote(value), pairs, text });
}

/**
 * The faults of a JSON file: a list of objects with `kind`, and the parameters by their names.
 *
 * @throws {UsageError} where it is not that
 */
export function readFaults(path: string): FaultSpec[] {
  const read = (entry: unknown) => readFault(Object(entry) as Record<string, unknown>);
  return readJsonList(path, { thing: "fault", read });
}

/**
 * A fault as JSON has it: `kind` and parameters by name, or a toxic.
 *
 * @throws {UsageError} where it is none
 */
export function readFault(entry: Readonly<Record<string, unknown>>): FaultSpec {
  if (isToxic(entry)) {
    const { type } = entry;
    const { options } = find(faults, { name: type, kind: "fault" });
    return faultSpec(type, { pairs: pairsOf(parametersOf(entry, options)) });
  }
  const { kind, ...rest } = entry;
  if (typeof kind !== "string") throw new UsageError("a kind is needed, as in latency");
  return faultSpec(kind, { pairs: pairsOf(rest) });
}

/** Values as texts; a list gives its key several times. */
export function pairsOf(values: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(values).flatMap(([key, value]) =>
    [value].flat().map((each): [string, string] => {
      if (["string", "number", "boolean"].includes(typeof each)) return [key, String(each)];
      throw new UsageError(`${key}: a text or a number is needed, not ${JSON.stringify(each)}`);
    })
  );
}

/**
 * The fault of this kind with these parameters. `lenient` takes what says too little or too much, as
 * toxiproxy does.
 *
 * @throws {UsageError} naming what is wrong
 */
export function faultSpec(
  name: string,
  { main, pairs, text = textOf(name, pairs), lenient = false }: {
    readonly main?: string | undefined;
    readonly pairs: FaultSpec["given"];
    /** As it was written, where it was. */
    readonly text?: string;
    readonly lenient?: boolean;
  },
): FaultSpec {
  const fault = find(faults, { name, kind: "fault" });
  if (main === "") throw new UsageError(`${name} needs a value after its colon`);
  if (main !== undefined && !fault.main) {
    throw new UsageError(`${name} takes no value, not "${main}"`);
  }
  const table: OptionTable = {
    ...fault.options,
    ...(fault.atAccept ? selectionOptions : commonOptions),
  };
  const named = main === undefined ? pairs : [[fault.main!, main] as const, ...pairs];
  const all = named.map(inOurWords);
  const settings = {
    ...initialValues({ ...table, ...commonOptions }),
    ...Object.fromEntries(readPairs(all, { owner: name, table })),
  };
  checkWindow(name, settings);
  const { until } = settings as CommonValues;
  if (fault.holdsAll?.(settings) && until && "bytes" in until) {
    throw new UsageError(`${text}: bytes that are held never come to ${until.bytes}; give a time`);
  }
  if (!lenient) fault.check?.(settings);
  return { fault, settings, common: settings as CommonValues, text, given: all };
}

// As the command line would write it.
function textOf(name: string, pairs: FaultSpec["given"]): string {
  return name + pairs.map(([key, value]) => `,${key}=${value}`).join("");
}

// toxiproxy's `stream` is our direction.
function inOurWords([key, value]: readonly [key: string, value: string]): [string, string] {
  if (key !== "stream") return [key, value];
  const direction = (["in", "out"] as const).find((each) => STREAM_NAMES[each] === value);
  if (direction) return ["direction", direction];
  throw new UsageError(`stream: upstream or downstream is needed, not "${value}"`);
}
