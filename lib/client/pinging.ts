/** What the two ways to ping have in common. */
import type { Histograms } from "../core/histogram.ts";
import { formatDuration } from "../core/units.ts";
import type { PingerOptions } from "../ping/pinger.ts";
import type { PingScreen } from "../ping/screen.ts";
import type { Exchange } from "../probe/exchange.ts";

/** A ping, and what it works with. */
export interface Pinging {
  readonly values: Pick<PingerOptions, "count" | "interval" | "timeout">;
  readonly exchange: Exchange;
  readonly screen: PingScreen;
  readonly histograms: Histograms;
  /** Resolves at the deadline, or when asked to stop. */
  readonly stop: Promise<void>;
}

/** Why a message counts as lost. */
export function timedOut(timeout: number): string {
  return `timed out after ${formatDuration(timeout)}`;
}
