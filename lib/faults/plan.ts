/** The faults of a server: read, checked, and ready to strike. */
import { UsageError } from "../core/errors.ts";
import { compose, type FaultPlan, type Misbehave } from "./compose.ts";
import { parseFault, readFaults } from "./parse.ts";

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

/** A plan as it is told, and what carries it out. */
export interface Planned {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly misbehave: Misbehave;
}

/**
 * Plans faults; without a seed by one that is drawn.
 *
 * @throws {UsageError} where one of them is none, or can never strike
 */
export function planFaults({ fault, faults: files, seed, kinds }: FaultRequest): Planned {
  const faults = [...fault.map(parseFault), ...files.flatMap(readFaults)];
  const idle = faults.find(({ fault: { only } }) => only && !kinds.has(only));
  if (idle) {
    const where = idle.fault.only === "datagrams" ? "udp://" : "tcp://, tls:// or unix:";
    throw new UsageError(`${idle.text} is for ${idle.fault.only} alone; listen on ${where}`);
  }
  const plan: FaultPlan = { faults, seed: seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! };
  return {
    seed: plan.seed,
    faults: faults.map(({ text }) => text),
    misbehave: (peer, control) => compose(peer, plan, control),
  };
}
