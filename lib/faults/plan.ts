/** Which faults strike which connections, and by what chance. */
import { UsageError } from "../core/errors.ts";
import { hashText, seeded } from "../core/random.ts";
import type { Duplex } from "../net/duplex.ts";
import { FaultyDuplex } from "./faulty_duplex.ts";
import type { Direction, FaultControl, StrikingFault } from "./lines.ts";
import { type FaultSpec, parseFault, readFaults } from "./parse.ts";
import { STREAM_NAMES } from "./toxics.ts";

/** An endpoint, as far as faults are concerned. */
export interface FaultTarget {
  /** What `on=` may call it: its name, and its address as it was written. */
  readonly names: readonly string[];
  /** What chance is seeded by: its name or, as the port may change, its address as written. */
  readonly seedName: string;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
}

/** What the command line asks for. */
export interface FaultRequest {
  /** The texts of `--fault`. */
  readonly fault: readonly string[];
  /** The files of `--faults`. */
  readonly faults: readonly string[];
  readonly seed: number | undefined;
  readonly targets: readonly FaultTarget[];
}

/** The faults of a run. */
export interface FaultPlan {
  readonly seed: number;
  /** As they were given. */
  readonly texts: readonly string[];
  /** Whether one of them sends RST. */
  readonly resets: boolean;
  /** The faults of each target; undefined where it has none. */
  readonly endpoints: readonly (EndpointFaults | undefined)[];
}

/**
 * Plans faults; without a seed by one that is drawn.
 *
 * @throws {UsageError} where one of them is none, or can never strike
 */
export function planFaults(
  { fault, faults: files, seed: given, targets }: FaultRequest,
): FaultPlan {
  const faults = [...fault.map(parseFault), ...files.flatMap(readFaults)];
  for (const spec of faults) checkTargets(spec, targets);
  const seed = given ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const endpoints = targets.map((target) => {
    const striking = faults.filter((spec) => isOn(spec, target) && fits(spec, target));
    return striking.length > 0
      ? new EndpointFaults(namedFaults(striking), { seed, seedName: target.seedName })
      : undefined;
  });
  const resets = faults.some(({ fault, settings }) => fault.resets?.(settings));
  return { seed, texts: faults.map(({ text }) => text), resets, endpoints };
}

function isOn({ common: { on } }: FaultSpec, { names }: FaultTarget): boolean {
  return on.length === 0 || on.some((name) => names.includes(name));
}

function fits({ fault: { only } }: FaultSpec, { framed }: FaultTarget): boolean {
  return only === undefined || only === (framed ? "datagrams" : "streams");
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

/** A fault, by a name that no other fault of its endpoint has. */
export interface NamedFault {
  readonly name: string;
  readonly spec: FaultSpec;
}

// Unnamed faults are called as toxiproxy calls them: by type and stream.
function namedFaults(specs: readonly FaultSpec[]): NamedFault[] {
  const taken = new Set<string>();
  return specs.map((spec) => {
    const { fault, common: { name, direction } } = spec;
    if (name !== undefined && taken.has(name)) {
      throw new UsageError(`Two faults of one endpoint are named ${name}`);
    }
    const usual = fault.atAccept ? fault.name : `${fault.name}_${STREAM_NAMES[direction]}`;
    let chosen = name ?? usual;
    for (let number = 2; taken.has(chosen); number++) chosen = `${usual}_${number}`;
    taken.add(chosen);
    return { name: chosen, spec };
  });
}

const [TOXICITY, IN, OUT] = [0, 1, 2]; // purposes of chance

/** A fault that has a connection wait before anything of it is read. */
export interface AcceptDelay {
  readonly fault: string;
  readonly milliseconds: number;
}

/** The faults of an endpoint. */
export class EndpointFaults {
  readonly #faults: readonly (NamedFault & Pick<StrikingFault, "shared">)[];
  #accepted = 0;
  readonly #seed: number;

  constructor(
    faults: readonly NamedFault[],
    { seed, seedName }: { readonly seed: number; readonly seedName: string },
  ) {
    this.#faults = faults.map((fault) => ({ ...fault, shared: new Map() }));
    this.#seed = seed ^ hashText(seedName);
  }

  /**
   * The peer as the faults that strike this connection leave it; the peer itself where none does.
   */
  apply(
    peer: Duplex,
    { connection, ...control }: FaultControl & {
      /** The number of the connection at the endpoint. */
      readonly connection: number;
    },
  ): Duplex {
    const striking = this.#faults.flatMap(({ name, spec, shared }) => {
      if (spec.fault.acceptDelay || !this.#strikes({ name, spec }, connection)) return [];
      const random = (direction: Direction) =>
        this.#random(name, connection, direction === "in" ? IN : OUT);
      return [{ spec, shared, random }];
    });
    return striking.length === 0 ? peer : new FaultyDuplex(peer, { striking, control });
  }

  /** Whether one of them may keep a connection waiting before anything of it is read. */
  get delayAccepts(): boolean {
    return this.#faults.some(({ spec }) => spec.fault.acceptDelay !== undefined);
  }

  /** The faults that keep a connection waiting that the system has accepted now. */
  accepted(): readonly AcceptDelay[] {
    const connection = ++this.#accepted;
    return this.#faults.flatMap(({ name, spec }) => {
      const { fault, settings } = spec;
      if (!fault.acceptDelay || !this.#strikes({ name, spec }, connection)) return [];
      return [{ fault: name, milliseconds: fault.acceptDelay(settings) }];
    });
  }

  #strikes({ name, spec: { common } }: NamedFault, connection: number): boolean {
    const { toxicity, connections } = common;
    if (connections && !connections(connection)) return false;
    return this.#random(name, connection, TOXICITY)() < toxicity;
  }

  #random(name: string, connection: number, purpose: number): () => number {
    return seeded(this.#seed, hashText(name), connection, purpose);
  }
}
