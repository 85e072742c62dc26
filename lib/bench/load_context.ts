/** What a load is run with, in any thread. */
import type { Address } from "../net/address.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Histograms } from "../core/histogram.ts";
import { dial } from "../net/transports.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Dial } from "../probe/round_trip.ts";
import { isSmall } from "./lane.ts";
import type { BenchLoad } from "../report/load.ts";
import type { Slice } from "../report/result.ts";

/** Whom to connect to, and how. Plain data: a worker is sent it. */
export interface DialTarget {
  readonly address: Address;
  /** The values of the transports' options. */
  readonly values: Values<OptionTable>;
}

/** How a load is run. */
export interface LoadContext {
  readonly target: DialTarget;
  readonly load: BenchLoad;
  readonly histograms: Histograms;
  readonly clock: Clock;
  readonly onSlice: (slice: Slice) => void;
  /** Awaited when all connections are made, before the load begins. */
  readonly begin?: (() => Promise<void>) | undefined;
  /** Called when the measurement begins, and when it ends. */
  readonly onMeasuring?: (() => void) | undefined;
  readonly onMeasured?: (() => void) | undefined;
  /** The measurement ends when it resolves. */
  readonly stop: Promise<void>;
  /** Whether to use a worker, so that this thread can measure something else. */
  readonly offMainThread?: boolean | undefined;
}

/** A function that dials a target. */
export function dialerOf({ address, values }: DialTarget, load: BenchLoad): Dial {
  const clock = systemClock;
  // An answer that is no echo has a length of its own.
  const readBytes = isSmall(load) && !load.exchanges ? load.size * load.pipeline : undefined;
  return ({ atMost: timeout, onPhase }) =>
    dial(address, { values, timeout, clock, onPhase, readBytes });
}
