/** The lines of a connection: one for each fault and direction, each passing on to the next. */
import type { Clock } from "../core/clock.ts";
import { DelayLine, type Outlet } from "./delay_line.ts";
import type { FaultContext } from "./fault.ts";
import type { FaultSpec } from "./parse.ts";
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
  /** Random numbers for a direction. */
  readonly random: (direction: Direction) => () => number;
}

/** What {@linkcode buildLines} works with. */
export interface LineOptions {
  readonly direction: Direction;
  /** Where the last line passes on to. */
  readonly end: Outlet;
  readonly control: FaultControl;
  /** Whether a chunk is a datagram. */
  readonly framed: boolean;
  /** Calls `wake` after so many milliseconds, unless the connection has ended. */
  readonly after: (milliseconds: number, wake: () => void) => void;
  /** A fault has ended its line, and is to end the connection. */
  readonly onFinish: (direction: Direction, fault: string) => void;
}

/** The first line of a direction, or its end where no fault strikes there. */
export function buildLines(striking: readonly StrikingFault[], options: LineOptions): Outlet {
  const lines: DelayLine[] = [];
  for (const fault of striking.toReversed()) {
    const wanted = fault.spec.fault.atAccept ? "out" : fault.spec.common.direction;
    if (wanted !== "both" && wanted !== options.direction) continue;
    lines.unshift(buildLine(fault, { ...options, end: lines[0] ?? options.end }));
  }
  for (const line of lines) line.start();
  return lines[0] ?? options.end;
}

function buildLine(
  { spec, random }: StrikingFault,
  { direction, end: next, control, framed, after, onFinish }: LineOptions,
): DelayLine {
  const { fault, settings, common } = spec;
  const { name = fault.name } = common;
  const { clock, fired, end } = control;
  const context: FaultContext = {
    clock,
    random: random(direction),
    framed,
    fired: (detail) => fired(name, { detail, direction: fault.atAccept ? undefined : direction }),
    after: (milliseconds, wake) => after(milliseconds, () => window.over || wake()),
    close: () => end("close", name),
    reset: () => end("reset", name),
    finish() {
      line.finish();
      onFinish(direction, name);
    },
  };
  const stage = fault.create(settings, context);
  const window = new FaultWindow(stage, { when: common, framed, clock, after });
  const line: DelayLine = new DelayLine(window, { next, clock });
  return line;
}
