/** What a fault is. Each is one file here and one line in `table.ts`; the names are toxiproxy's. */
import type { Clock } from "../core/clock.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Random } from "../core/random.ts";
import type { Named } from "../core/named.ts";

/** Sends bytes on, at a moment of the clock or at once; never before what was sent on earlier. */
export type Emit = (bytes: Uint8Array, at?: number) => void;

/** What a fault does to one direction of a connection. */
export interface Stage {
  /** Bytes that it may hold back before its source has to wait; without it, plenty. */
  readonly room?: number;
  /** Called when the fault comes into force, before the first chunk that it sees. */
  start?(emit: Emit): void;
  /** Takes a chunk, which it may keep, and sends on what becomes of it; `at` is its offset. */
  chunk(bytes: Uint8Array, emit: Emit, at: number): void;
  /**
   * The source has ended: sends on what is left; returns for how long to keep quiet about it, unless
   * it is `over`: in force no more.
   */
  end?(emit: Emit, over: boolean): number | void;
}

/** What a stage works with. */
export interface FaultContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
  /** Reports that the fault has struck. */
  readonly fired: (detail: string) => void;
  /** Calls `wake` after so many milliseconds, if the fault is in force then. */
  readonly after: (milliseconds: number, wake: () => void) => void;
  /** Ends the connection, as an end of input or as an error (RST). */
  readonly close: () => void;
  readonly reset: () => void;
  /** Ends the connection, or what comes in, when what was sent on is through; nothing after it is. */
  readonly finish: () => void;
}

/** One way to misbehave. */
export interface Fault extends Named {
  /** Its parameters, by toxiproxy's names. */
  readonly options: OptionTable;
  /** The parameter that stands after the colon without its name. */
  readonly main?: string;
  /** Whether it strikes when a peer is accepted, once, whatever the direction. */
  readonly atAccept?: boolean;
  /** What it is for alone, if it is. */
  readonly only?: "datagrams" | "streams";
  /** What stands after `--fault` in an example. */
  readonly example: string;
  create(settings: Values<OptionTable>, context: FaultContext): Stage;
}

/** Declares a fault whose `create` knows the types of its parameters. */
export function defineFault<T extends OptionTable>(
  fault: Omit<Fault, "options" | "create"> & {
    readonly options: T;
    create(settings: Values<T>, context: FaultContext): Stage;
  },
): Fault {
  return fault as Fault;
}
