/** The faults of a server: read, checked, and ready to strike. */
import { UsageError } from "../core/errors.ts";
import { seeded } from "../core/random.ts";
import type { Duplex } from "../net/duplex.ts";
import { type FaultControl, FaultyDuplex } from "./faulty_duplex.ts";
import { type FaultSpec, parseFault, readFaults } from "./parse.ts";

/** What the command line asks for. */
export interface FaultRequest {
  /** The texts of `--fault`. */
  readonly fault: readonly string[];
  /** The files of `--faults`. */
  readonly faults: readonly string[];
  readonly seed: number | undefined;
  /** What the listeners take. */
  readonly kinds: ReadonlySet<"datagrams" | "streams">;
}

/**
 * Plans faults; without a seed by one that is drawn.
 *
 * @throws {UsageError} where one of them is none, or can never strike
 */
export function planFaults({ fault, faults: files, seed, kinds }: FaultRequest): FaultPlan {
  const faults = [...fault.map(parseFault), ...files.flatMap(readFaults)];
  const idle = faults.find(({ fault: { only } }) => only && !kinds.has(only));
  if (idle) {
    const where = idle.fault.only === "datagrams" ? "udp://" : "tcp://, tls:// or unix:";
    throw new UsageError(`${idle.text} is for ${idle.fault.only} alone; listen on ${where}`);
  }
  return new FaultPlan(faults, seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!);
}

const [TOXICITY, IN, OUT] = [0, 1, 2]; // purposes of chance

/** The faults of a run, and the seed of everything that is left to chance. */
export class FaultPlan {
  readonly faults: readonly FaultSpec[];
  readonly seed: number;

  constructor(faults: readonly FaultSpec[], seed: number) {
    this.faults = faults;
    this.seed = seed;
  }

  /** The peer as the faults that strike this connection leave it; the peer itself where none does. */
  apply(peer: Duplex, control: FaultControl): Duplex {
    const { framed } = peer;
    const { connection } = control;
    const striking = this.faults.flatMap((spec, index) => {
      const random = (purpose: number) => seeded(this.seed, connection, index, purpose);
      if (!strikes(spec, { framed, connection, random: random(TOXICITY) })) return [];
      return [{ spec, random: (direction: "in" | "out") => random(direction === "in" ? IN : OUT) }];
    });
    return striking.length === 0 ? peer : new FaultyDuplex(peer, { striking, control });
  }
}

function strikes(
  { fault: { only }, common: { toxicity = 1, connections } }: FaultSpec,
  { framed, connection, random }: {
    readonly framed: boolean;
    readonly connection: number;
    readonly random: () => number;
  },
): boolean {
  if (only && only !== (framed ? "datagrams" : "streams")) return false;
  if (connections && !connections(connection)) return false;
  return random() < toxicity;
}
