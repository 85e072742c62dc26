/** Which faults strike which connections, and by what chance. */
import { UsageError } from "../core/errors.ts";
import { EndpointFaults } from "./endpoint_faults.ts";
import type { Carried } from "./fault.ts";
import { type FaultSpec, parseFault, readFaults } from "./parse.ts";

/** An endpoint, as far as faults are concerned. */
export interface FaultTarget {
  /** What `on=` may call it: its name, and its address as it was written. */
  readonly names: readonly string[];
  /** What chance is seeded by: its name or, as the port may change, its address as written. */
  readonly seedName: string;
  /** What its connections carry: several where a service takes both. */
  readonly carries: readonly Carried[];
  /** Faults of its own, besides those of the command line. */
  readonly own?: readonly FaultSpec[];
}

/** What the command line asks for. */
export interface FaultRequest {
  /** The texts of `--fault`. */
  readonly fault: readonly string[];
  /** The files of `--faults`. */
  readonly faults: readonly string[];
  readonly seed: number | undefined;
  readonly targets: readonly FaultTarget[];
  /** Whether faults may be changed while the server runs. */
  readonly live?: boolean;
}

/** The faults of a run. */
export interface FaultPlan {
  readonly seed: number;
  /** As they were given. */
  readonly texts: readonly string[];
  /** Whether one of them sends RST. */
  readonly resets: boolean;
  /** The faults of each target; undefined where it has none, and is to have none. */
  readonly endpoints: readonly (EndpointFaults | undefined)[];
}

/**
 * Plans faults; without a seed by one that is drawn.
 *
 * @throws {UsageError} where one of them is none, or can never strike
 */
export function planFaults(
  { fault, faults: files, seed: given, targets, live = false }: FaultRequest,
): FaultPlan {
  const faults = [...fault.map(parseFault), ...files.flatMap(readFaults)];
  for (const spec of faults) checkTargets(spec, targets);
  const seed = given ?? drawSeed();
  const endpoints = targets.map((target) => {
    const { own = [] } = target;
    for (const spec of own) checkTargets(spec, [target]);
    const common = faults.filter((spec) => isOn(spec, target) && fits(spec, target));
    const striking = [...common, ...own];
    return striking.length > 0 || live
      ? new EndpointFaults(striking, { seed, seedName: target.seedName, live })
      : undefined;
  });
  const all = [...faults, ...targets.flatMap(({ own = [] }) => own)];
  const resets = all.some(({ fault, settings }) => fault.resets?.(settings));
  return { seed, texts: all.map(({ text }) => text), resets, endpoints };
}

/** A seed that nobody has chosen. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function isOn({ common: { on } }: FaultSpec, { names }: FaultTarget): boolean {
  return on.length === 0 || on.some((name) => names.includes(name));
}

/** Whether an endpoint can have a fault, by what it carries. */
export function fits(
  { fault: { only } }: FaultSpec,
  { carries }: Pick<FaultTarget, "carries">,
): boolean {
  return only === undefined || carries.includes(only);
}

function checkTargets(spec: FaultSpec, targets: readonly FaultTarget[]): void {
  const { fault: { only }, common: { on }, text } = spec;
  const among = targets.flatMap(({ names }) => names);
  const stray = on.find((name) => !among.includes(name));
  if (stray !== undefined) {
    throw new UsageError(`${text}: no endpoint is named ${stray}`, { given: stray, among });
  }
  if (targets.some((target) => isOn(spec, target) && fits(spec, target))) return;
  const where = only === "datagrams" ? "udp://" : "tcp://, tls:// or unix:";
  throw new UsageError(`${text} is for ${only} alone; listen on ${where}`);
}
