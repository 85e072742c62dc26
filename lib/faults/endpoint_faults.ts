/** The faults of an endpoint: which connections they strike, by what chance, and their changes. */
import { UsageError } from "../core/errors.ts";
import { hashText, type Random, seeded } from "../core/random.ts";
import type { Duplex } from "../net/duplex.ts";
import { FaultyDuplex } from "./faulty_duplex.ts";
import type { Direction, FaultControl, StrikingFault } from "./lines.ts";
import type { FaultSpec } from "./parse.ts";
import { STREAM_NAMES } from "./toxics.ts";

const [TOXICITY, IN, OUT] = [0, 1, 2]; // purposes of chance
const PURPOSES = 3;

/** A fault, by a name that no other fault of its endpoint has. */
export interface NamedFault {
  readonly name: string;
  readonly spec: FaultSpec;
}

/** A fault that has a connection wait before anything of it is read. */
export interface AcceptDelay {
  readonly fault: string;
  readonly milliseconds: number;
}

interface EndpointFault extends NamedFault, Pick<StrikingFault, "shared"> {
  /** How often it has been changed. */
  readonly revision: number;
  /** The fault as it was before, while it is changed. */
  before?: EndpointFault | undefined;
}

/** A connection that is open, whose faults can be changed. */
interface OpenConnection {
  readonly number: number;
  readonly duplex: FaultyDuplex;
  readonly end: FaultControl["end"];
  /** What chance has decided for each fault; undefined where the fault does not strike. */
  readonly decided: Map<EndpointFault, StrikingFault | undefined>;
}

/** What {@linkcode EndpointFaults} are made with. */
export interface EndpointFaultsOptions {
  readonly seed: number;
  readonly seedName: string;
  /** Whether they may be changed, so that open connections are kept track of. */
  readonly live?: boolean;
}

/** The faults of an endpoint. */
export class EndpointFaults implements Iterable<NamedFault> {
  readonly #seed: number;
  readonly #live: boolean;
  readonly #connections = new Set<OpenConnection>();
  #faults: readonly EndpointFault[] = [];
  #accepted = 0;

  /** @throws {UsageError} where two faults have the same name */
  constructor(
    specs: readonly FaultSpec[],
    { seed, seedName, live = false }: EndpointFaultsOptions,
  ) {
    this.#seed = seed ^ hashText(seedName);
    this.#live = live;
    for (const spec of specs) this.add(spec);
  }

  [Symbol.iterator](): Iterator<NamedFault> {
    return this.#faults[Symbol.iterator]();
  }

  /** The fault with this name, if there is one. */
  get(name: string): NamedFault | undefined {
    return this.#find(name);
  }

  /**
   * Adds a fault behind the others; it strikes open connections from their next chunk on. A fault
   * without a name is called as toxiproxy calls it, by type and stream.
   *
   * @throws {UsageError} where another one has its name
   */
  add(spec: FaultSpec): NamedFault {
    const { common: { name: given } } = spec;
    if (given !== undefined && this.#find(given)) {
      throw new UsageError(`Two faults of one endpoint are named ${given}`);
    }
    const usual = usualName(spec);
    let name = given ?? usual;
    for (let number = 2; this.#find(name); number++) name = `${usual}_${number}`;
    // Where faults are told apart by name, their events have it as well.
    const named = this.#live ? { ...spec, common: { ...spec.common, name } } : spec;
    const fault = { name, spec: named, shared: new Map(), revision: 0 };
    this.#set([...this.#faults, fault]);
    return fault;
  }

  /**
   * Gives a fault other parameters. What it holds goes on at once; whether it strikes a connection is
   * drawn anew. Without a fault of that name nothing happens.
   */
  update(name: string, spec: FaultSpec): void {
    const before = this.#find(name);
    if (!before) return;
    const revision = before.revision + 1;
    const fault: EndpointFault = { name, spec, shared: new Map(), revision, before };
    this.#set(this.#faults.map((each) => each === before ? fault : each));
    fault.before = undefined;
    if (!spec.common.enabled) this.#closeStruck(before);
    for (const { decided } of this.#connections) decided.delete(before);
  }

  /** Removes a fault: what it holds goes on at once. Returns whether there was one of that name. */
  remove(name: string): boolean {
    const fault = this.#find(name);
    if (!fault) return false;
    this.#set(this.#faults.filter((each) => each !== fault));
    this.#closeStruck(fault);
    for (const { decided } of this.#connections) decided.delete(fault);
    return true;
  }

  /**
   * The peer as the faults that strike this connection leave it; the peer itself where none does and
   * none can come.
   */
  apply(
    peer: Duplex,
    { connection: number, ...control }: FaultControl & {
      /** The number of the connection at the endpoint. */
      readonly connection: number;
    },
  ): Duplex {
    const decided: OpenConnection["decided"] = new Map();
    const striking = this.#faults.flatMap((fault) => {
      const decision = this.#decide(fault, { number, framed: peer.framed });
      decided.set(fault, decision);
      return decision ?? [];
    });
    if (!this.#live) {
      return striking.length === 0 ? peer : new FaultyDuplex(peer, { striking, control });
    }
    const connections = this.#connections;
    const onClose = () => void connections.delete(connection);
    const duplex: FaultyDuplex = new FaultyDuplex(peer, { striking: [], control, onClose });
    const connection = { number, duplex, end: control.end, decided };
    connections.add(connection);
    duplex.setFaults(striking); // which may end it
    return duplex;
  }

  /** Whether one of them may keep a connection waiting before anything of it is read. */
  get delayAccepts(): boolean {
    return this.#faults.some(({ spec }) => spec.fault.acceptDelay !== undefined);
  }

  /** The faults that keep a connection waiting that the system has accepted now. */
  accepted(): readonly AcceptDelay[] {
    const number = ++this.#accepted;
    return this.#faults.flatMap((each) => {
      const { fault, settings } = each.spec;
      if (!fault.acceptDelay || !this.#strikes(each, number)) return [];
      return [{ fault: each.name, milliseconds: fault.acceptDelay(settings) }];
    });
  }

  // Closes the connections that a fault struck which swallows bytes: they would go on with a gap.
  #closeStruck(struck: EndpointFault): void {
    if (!struck.spec.fault.closesWhenRemoved) return;
    for (const { decided, end } of [...this.#connections]) {
      if (decided.get(struck)) end("close", struck.name);
    }
  }

  #find(name: string): EndpointFault | undefined {
    return this.#faults.find((fault) => fault.name === name);
  }

  #set(faults: readonly EndpointFault[]): void {
    this.#faults = faults;
    for (const { number, duplex, decided } of [...this.#connections]) {
      const striking = faults.flatMap((fault) => {
        if (!decided.has(fault)) {
          const replaces = fault.before && decided.get(fault.before);
          const { framed } = duplex;
          decided.set(fault, this.#decide(fault, { number, framed, joined: true, replaces }));
        }
        return decided.get(fault) ?? [];
      });
      duplex.setFaults(striking);
    }
  }

  #decide(
    fault: EndpointFault,
    { number, framed, joined = false, replaces }: Pick<StrikingFault, "joined" | "replaces"> & {
      readonly number: number;
      /** Whether the connection carries datagrams. */
      readonly framed: boolean;
    },
  ): StrikingFault | undefined {
    const { spec, shared } = fault;
    // What strikes at accept comes too late for a connection that is open.
    if (spec.fault.acceptDelay || (joined && spec.fault.atAccept)) return undefined;
    const { only } = spec.fault;
    if (only !== undefined && only !== (framed ? "datagrams" : "streams")) return undefined;
    if (!this.#strikes(fault, number)) return undefined;
    const random = (direction: Direction) =>
      this.#random(fault, { number, purpose: direction === "in" ? IN : OUT });
    return { spec, shared, random, joined, replaces };
  }

  #strikes(fault: EndpointFault, number: number): boolean {
    const { enabled, toxicity, connections } = fault.spec.common;
    if (!enabled) return false;
    if (connections && !connections(number)) return false;
    return this.#random(fault, { number, purpose: TOXICITY })() < toxicity;
  }

  #random(
    { name, revision }: EndpointFault,
    { number, purpose }: { readonly number: number; readonly purpose: number },
  ): Random {
    return seeded(this.#seed, hashText(name), number, purpose + PURPOSES * revision);
  }
}

function usualName({ fault, common: { direction } }: FaultSpec): string {
  return fault.atAccept ? fault.name : `${fault.name}_${STREAM_NAMES[direction]}`;
}
