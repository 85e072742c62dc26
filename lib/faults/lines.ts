/** The lines of a connection: one for each fault and direction, each passing on to the next. */
import type { Clock } from "../core/clock.ts";
import { DelayLine } from "./delay_line.ts";
import type { FaultContext, Stage } from "./fault.ts";
import type { Ending, Outlet } from "./outlet.ts";
import type { FaultSpec } from "./parse.ts";
import type { CommonValues } from "./selectors.ts";
import { FaultWindow } from "./window.ts";

/** What a fault has done. */
export interface Firing {
  readonly detail: string;
  readonly direction: Direction | undefined;
}

/** `in`: from the peer; `out`: to the peer. */
export type Direction = "in" | "out";

/** What faults may do besides changing what passes. */
export interface FaultControl {
  readonly clock: Clock;
  /** A fault has come into force, or struck; it tells its direction where it has one. */
  readonly fired: (fault: string, firing: Firing) => void;
  /** Ends the connection because of a fault. */
  readonly end: (how: "close" | "reset", fault: string) => void;
}

/** A fault that strikes this connection. */
export interface StrikingFault {
  readonly spec: FaultSpec;
  /** Whether it was added while the connection was open. */
  readonly joined?: boolean;
  /** The same fault with the parameters that it had before. */
  readonly replaces?: StrikingFault | undefined;
  /** Random numbers for a direction. */
  readonly random: (direction: Direction) => () => number;
  /** What it has for all connections of its endpoint, by direction. */
  readonly shared: Map<Direction, unknown>;
}

/** What a {@linkcode LineChain} works with. */
export interface LineChainOptions {
  readonly direction: Direction;
  /** Where the last line passes on to. */
  readonly end: Outlet;
  readonly control: FaultControl;
  /** When the connection began, as a moment of the clock. */
  readonly began: number;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
  /** Calls `wake` after so many milliseconds, unless the connection has ended. */
  readonly after: (milliseconds: number, wake: () => void) => void;
  /** A fault has ended its line, and is to end the connection. */
  readonly onFinish: (direction: Direction, fault: string) => void;
}

interface Link {
  /** Undefined when the fault is gone, and the line has still to let go of what it held. */
  fault: StrikingFault | undefined;
  readonly stage: Stage;
  readonly line: DelayLine;
  readonly cancel: () => void;
}

/** The lines of a direction. They can be changed between two chunks. */
export class LineChain implements Outlet {
  onRoom = (): void => {};
  readonly #options: LineChainOptions;
  #links: readonly Link[] = [];
  #first: Outlet;
  #closed = false;

  constructor(options: LineChainOptions) {
    this.#options = options;
    this.#first = options.end;
    this.#connect();
  }

  /** Whether nothing is done to chunks. */
  get empty(): boolean {
    return this.#links.length === 0;
  }

  /**
   * Has these faults strike from the next chunk on, in this order. One that struck before goes on as
   * it was; of others, what they hold goes on at once.
   */
  setFaults(striking: readonly StrikingFault[]): void {
    const { direction, end } = this.#options;
    const wanted = striking.filter((fault) => isFor(fault, direction));
    const before = this.#links;
    const gone = before.filter(({ fault }) => fault && !wanted.includes(fault));
    const added: Link[] = [];
    const links: Link[] = [];
    let left = before;
    for (const fault of wanted) {
      const at = left.findIndex((link) => link.fault === fault);
      if (at < 0) {
        // Before what is let go at this place, which is not to pass through it.
        const link = this.#link(fault);
        added.push(link);
        links.push(link);
      } else {
        links.push(...left.slice(0, at + 1));
        left = left.slice(at + 1);
      }
    }
    this.#links = [...links, ...left];
    this.#connect();
    for (const link of gone) {
      link.fault = undefined;
      link.cancel();
      link.line.letGo();
    }
    for (const { line } of added) if (!this.#closed) line.start();
    // The source may be about to push: while the end is full, a line has to hold that chunk.
    this.#links = this.#links.filter(({ fault, line }) => fault || !line.empty || end.full);
    this.#connect();
    if (!this.full) this.onRoom();
  }

  get full(): boolean {
    return this.#first.full;
  }

  push(chunk: Uint8Array): void {
    this.#first.push(chunk);
  }

  end(ending?: Ending): void {
    this.#first.end(ending);
  }

  close(): void {
    this.#closed = true;
    this.#first.close();
  }

  #connect(): void {
    const outlets = [...this.#links.map(({ line }) => line), this.#options.end];
    for (const [index, { line }] of this.#links.entries()) line.next = outlets[index + 1]!;
    this.#first = outlets[0]!;
    this.#first.onRoom = () => this.onRoom();
  }

  #link(fault: StrikingFault): Link {
    const { direction, end: next, control, framed, after, onFinish } = this.#options;
    const { spec, random, shared, joined = false, replaces } = fault;
    const began = joined ? control.clock.now() : this.#options.began;
    const { fault: kind, settings, common } = spec;
    const { name = kind.name } = common;
    const { clock, fired, end } = control;
    let gone = false;
    const whenThere = (milliseconds: number, wake: () => void) =>
      after(milliseconds, () => gone || wake());
    const context: FaultContext = {
      clock,
      random: random(direction),
      framed,
      joined,
      inherited: this.#links.find((link) => replaces && link.fault === replaces)?.stage.bequest?.(),
      windowEnd: endOf(common, began),
      shared<T>(create: () => T): T {
        if (!shared.has(direction)) shared.set(direction, create());
        return shared.get(direction) as T;
      },
      fired: (detail) => fired(name, { detail, direction: kind.atAccept ? undefined : direction }),
      after: (milliseconds, wake) => whenThere(milliseconds, () => window.over || wake()),
      close: () => end("close", name),
      reset: () => end("reset", name),
      finish() {
        line.finish();
        onFinish(direction, name);
      },
    };
    const stage = kind.create(settings, context);
    const window = new FaultWindow(stage, {
      when: common,
      framed,
      clock,
      began,
      after: whenThere,
    });
    const line: DelayLine = new DelayLine(window, { next, clock });
    return { fault, stage, line, cancel: () => gone = true };
  }
}

function isFor({ spec: { fault, common } }: StrikingFault, direction: Direction): boolean {
  const wanted = fault.atAccept ? "out" : common.direction;
  return wanted === "both" || wanted === direction;
}

function endOf({ until }: CommonValues, began: number): number | undefined {
  return until && "milliseconds" in until ? began + until.milliseconds : undefined;
}
