/** What a server tells of a test. */
import { formatDuration } from "../core/units.ts";
import type { EventMap, OfConnection } from "../log/event.ts";
import type { TestParameters } from "./parameters.ts";
import type { PeerResults } from "./results.ts";
import { describeTotal, directionTotals, streamResults } from "./totals.ts";
import type { Transfer } from "./transfer.ts";

/** What was measured: in a line, and by names. */
export type Measured = Omit<EventMap["measured"], keyof OfConnection>;

/** What both sides saw of a test, for the log of the server. */
export function measuredIn(
  transfer: Transfer,
  { peer, parameters }: { readonly peer: PeerResults; readonly parameters: TestParameters },
): Measured {
  const { protocol, streams, ignored } = parameters;
  const results = streamResults(transfer, { peer, parameters, side: "server" });
  const totals = directionTotals(results);
  const lines = totals.map((total) => `${total.direction} ${describeTotal(total)}`);
  const notDone = ignored.length > 0 ? `; not done: ${ignored.join(", ")}` : "";
  return {
    detail: `${protocol} for ${formatDuration(transfer.elapsedMs)}: ${lines.join("; ")}${notDone}`,
    figures: { protocol, streams, elapsedMs: transfer.elapsedMs, directions: totals },
  };
}
