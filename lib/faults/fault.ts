/**
 * What a fault is. Each is one file in `kinds/` and one line in `kinds.ts`; names are toxiproxy's.
 */
import type { Clock } from "../core/clock.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Random } from "../core/random.ts";
import type { Named } from "../core/named.ts";

/**
 * Passes bytes on, at a moment of the clock or at once, and never before what was passed on
 * earlier.
 */
export type Emit = (bytes: Uint8Array, at?: number) => void;

/** What a fault does to one direction of a connection. */
export interface Stage {
  /** Bytes that it may hold before its source has to wait; by default 32 MiB. */
  readonly room?: number;
  /** Called when the fault comes into force, before the first chunk that it sees. */
  start?(emit: Emit): void;
  /** Takes a chunk, which it may keep, and emits what becomes of it; `at` is its offset. */
  chunk(bytes: Uint8Array, emit: Emit, at: number): void;
  /**
   * The source has ended: emits what is left, and returns the milliseconds to delay the end, unless
   * the fault is `over`, that is no longer in force.
   */
  end?(emit: Emit, over: boolean): number | void;
  /** The fault is removed while the connection is open: emits what it has kept. */
  release?(emit: Emit): void;
  /** What a stage goes on with that replaces this one: see {@linkcode FaultContext.inherited}. */
  bequest?(): unknown;
}

/** What a stage works with. */
export interface FaultContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
  /** The moment of the clock at which the fault ends, where that was given as a time. */
  readonly windowEnd: number | undefined;
  /** What this fault has for all connections of its endpoint, in this direction. */
  readonly shared: <T>(create: () => T) => T;
  /** Whether the fault was added while the connection was open. */
  readonly joined: boolean;
  /** What the stage before this one has left to it, where the parameters of the fault have changed. */
  readonly inherited: unknown;
  /** Reports that the fault has struck. */
  readonly fired: (detail: string) => void;
  /** Calls `wake` after so many milliseconds, if the fault is in force then. */
  readonly after: (milliseconds: number, wake: () => void) => void;
  /** Ends the connection at once, by a close or by RST. */
  readonly close: () => void;
  readonly reset: () => void;
  /** Ends the direction behind what was emitted, and then the connection. */
  readonly finish: () => void;
}

/** What an endpoint or a connection carries. */
export type Carried = "datagrams" | "streams";

/** One way to misbehave. */
export interface Fault extends Named {
  /** Its parameters, by toxiproxy's names. */
  readonly options: OptionTable;
  /** The parameter that is written after the colon. */
  readonly main?: string;
  /** Whether it strikes once, when a peer is accepted, and has no direction. */
  readonly atAccept?: boolean;
  /** What the fault is only for, if anything. */
  readonly only?: Carried;
  /** Whether it sends RST, which not every system lets a program do. */
  resets?(settings: Values<OptionTable>): boolean;
  /** Whether nothing passes while it is in force. */
  holdsAll?(settings: Values<OptionTable>): boolean;
  /** For how many milliseconds nothing is read after the system's accept. */
  acceptDelay?(settings: Values<OptionTable>): number;
  /** What stands after `--fault` in an example. */
  readonly example: string;
  /** Whether removing it closes the connections that it struck, as bytes of them are missing. */
  readonly closesWhenRemoved?: boolean;
  /**
   * Throws a `UsageError` where its parameters say too little or too much. toxiproxy's interface does
   * not ask: there a parameter that is missing is 0.
   */
  check?(settings: Values<OptionTable>): void;
  create(settings: Values<OptionTable>, context: FaultContext): Stage;
}

/** Declares a fault whose `create` knows the types of its parameters. */
export function defineFault<T extends OptionTable>(
  fault: Omit<Fault, "options" | "resets" | "holdsAll" | "acceptDelay" | "check" | "create"> & {
    readonly options: T;
    resets?(settings: Values<T>): boolean;
    holdsAll?(settings: Values<T>): boolean;
    acceptDelay?(settings: Values<T>): number;
    check?(settings: Values<T>): void;
    create(settings: Values<T>, context: FaultContext): Stage;
  },
): Fault {
  return fault as Fault;
}
