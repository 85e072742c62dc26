/** A peer that misbehaves: the services do not know. */
import type { Clock } from "../core/clock.ts";
import type { Duplex, Observer } from "../net/duplex.ts";
import { seeded } from "../core/random.ts";
import type { FaultContext } from "./fault.ts";
import { Gate } from "./window.ts";
import { Line } from "./delay_line.ts";
import type { FaultSpec } from "./parse.ts";

/** The faults of a run, and the seed of everything that is left to chance. */
export interface FaultPlan {
  readonly faults: readonly FaultSpec[];
  readonly seed: number;
}

/** What a fault does. */
export interface Firing {
  readonly detail: string;
  readonly direction: "in" | "out" | undefined;
}

/** What faults may do besides changing what passes. */
export interface FaultControl {
  readonly clock: Clock;
  /** The number of the connection. */
  readonly connection: number;
  /** A fault has come into force, or struck; a direction is told where it has one. */
  readonly fired: (fault: string, what: Firing) => void;
  /** Ends the connection because of a fault. */
  readonly end: (how: "close" | "reset", fault: string) => void;
}

/** Makes of a peer one that misbehaves. */
export type Misbehave = (peer: Duplex, control: FaultControl) => Duplex;

/** The peer as the faults that strike this connection leave it; the peer itself where none does. */
export function compose(peer: Duplex, plan: FaultPlan, control: FaultControl): Duplex {
  const { framed } = peer;
  const struck = plan.faults
    .map((spec, index) => ({ spec, index }))
    .filter(({ spec, index }) => strikes(spec, { index, plan, framed, control }));
  return struck.length === 0 ? peer : new FaultyDuplex(peer, { struck, plan, control });
}

interface Struck {
  readonly spec: FaultSpec;
  /** Its place among the faults of the run. */
  readonly index: number;
}

const [TOXICITY, IN, OUT] = [0, 1, 2]; // purposes of chance

function strikes(
  { fault: { only }, common: { toxicity = 1, connections } }: FaultSpec,
  { index, plan, framed, control: { connection } }: {
    readonly index: number;
    readonly plan: FaultPlan;
    readonly framed: boolean;
    readonly control: FaultControl;
  },
): boolean {
  if (only && only !== (framed ? "datagrams" : "streams")) return false;
  if (connections && !connections(connection)) return false;
  return seeded(plan.seed, connection, index, TOXICITY)() < toxicity;
}

class FaultyDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #peer: Duplex;
  readonly #cancels = new Set<() => void>();
  readonly #lines: Line[] = [];

  constructor(
    peer: Duplex,
    { struck, plan, control }: {
      readonly struck: readonly Struck[];
      readonly plan: FaultPlan;
      readonly control: FaultControl;
    },
  ) {
    this.#peer = peer;
    const lines = (direction: "in" | "out") =>
      struck.filter(({ spec }) => {
        const wanted = spec.fault.atAccept ? "out" : spec.common.direction;
        return wanted === "both" || wanted === direction;
      }).map((one) => this.#line(one, { direction, plan, control }));
    this.readable = lines("in").reduce<ReadableStream<Uint8Array>>(
      (source, line) => source.pipeThrough(line),
      peer.readable,
    );
    this.writable = lines("out").reduceRight<WritableStream<Uint8Array>>(
      (sink, line) => line.into(sink),
      peer.writable,
    );
  }

  get local(): Duplex["local"] {
    return this.#peer.local;
  }

  get remote(): Duplex["remote"] {
    return this.#peer.remote;
  }

  get via(): Duplex["via"] {
    return this.#peer.via;
  }

  get security(): Duplex["security"] {
    return this.#peer.security;
  }

  get framed(): boolean {
    return this.#peer.framed;
  }

  get traffic(): Duplex["traffic"] {
    return this.#peer.traffic;
  }

  observe(observer: Observer): void {
    this.#peer.observe(observer);
  }

  close(): void {
    this.#forget();
    this.#peer.close();
  }

  reset(): void {
    this.#forget();
    this.#peer.reset();
  }

  #forget(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    for (const line of this.#lines) line.close();
  }

  #line(
    { spec, index }: Struck,
    { direction, plan, control }: {
      readonly direction: "in" | "out";
      readonly plan: FaultPlan;
      readonly control: FaultControl;
    },
  ): Line {
    const { fault, settings, common } = spec;
    const { clock, connection, fired, end } = control;
    const after = (milliseconds: number, wake: () => void) => {
      const cancel = clock.after(milliseconds, () => {
        this.#cancels.delete(cancel);
        wake();
      });
      this.#cancels.add(cancel);
    };
    const context: FaultContext = {
      clock,
      random: seeded(plan.seed, connection, index, direction === "in" ? IN : OUT),
      framed: this.framed,
      fired: (detail) =>
        fired(fault.name, { detail, direction: fault.atAccept ? undefined : direction }),
      after: (milliseconds, wake) => after(milliseconds, () => gate.over || wake()),
      close: () => end("close", fault.name),
      reset: () => end("reset", fault.name),
      finish: () => line.finish(() => end("close", fault.name)),
    };
    const stage = fault.create(settings, context);
    const gate = new Gate(stage, { when: common, framed: this.framed, clock, after });
    const line: Line = new Line(gate, clock);
    this.#lines.push(line);
    return line;
  }
}
