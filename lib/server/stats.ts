/** Reporting rates at intervals. */
import { type Clock, every } from "../core/clock.ts";
import type { Log } from "../log/log.ts";
import type { Totals } from "./sessions.ts";

/** Reports rates every `interval` milliseconds, until the returned function is called. */
export function emitStats(
  interval: number,
  { log, clock, totals }: {
    readonly log: Log;
    readonly clock: Clock;
    readonly totals: () => Totals;
  },
): () => void {
  let last = { ...totals(), at: clock.now() };
  return every(clock, interval, () => {
    const now = { ...totals(), at: clock.now() };
    const rate = (key: "connections" | "chunks" | "received" | "sent") =>
      (now[key] - last[key]) * 1000 / (now.at - last.at);
    log.emit({
      event: "stats",
      open: now.open,
      openedPerSecond: rate("connections"),
      chunksPerSecond: rate("chunks"),
      receivedPerSecond: rate("received"),
      sentPerSecond: rate("sent"),
    });
    last = now;
  });
}
