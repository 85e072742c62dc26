/** What a load is run with, in whichever thread. */
import type { Address } from "../address.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Histograms } from "../histogram.ts";
import { dial } from "../net/table.ts";
import type { OptionTable, Values } from "../options.ts";
import type { Dial } from "./attempt.ts";
import type { Asked } from "./load.ts";
import type { Slice } from "./result.ts";

/** Whom to load, and how to dial. Plain data: a worker is sent it. */
export interface Whom {
  readonly address: Address;
  /** The values of the transports' options. */
  readonly values: Values<OptionTable>;
}

/** How a load is run. */
export interface Running {
  readonly whom: Whom;
  readonly load: Asked;
  readonly histograms: Histograms;
  readonly clock: Clock;
  readonly onSlice: (slice: Slice) => void;
  /** Told when the measurement begins, and when it ends. */
  readonly onMeasuring?: (() => void) | undefined;
  readonly onMeasured?: (() => void) | undefined;
  /** Ends the measurement when it resolves. */
  readonly stop: Promise<void>;
  /** Whether to leave this thread alone, for a measurement of its own. */
  readonly aside?: boolean | undefined;
}

/** Dials as a generator asks for it. */
export function dialerOf({ address, values }: Whom): Dial {
  const clock = systemClock;
  return ({ atMost: timeout, onPhase }) => dial(address, { values, timeout, clock, onPhase });
}
