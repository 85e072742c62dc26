/** Reporting rates at intervals. */
import { type Clock, every } from "../core/clock.ts";
import type { Log } from "../log/log.ts";
import { addTcp, type TcpTotals, tcpTotals } from "../net/tcp_info.ts";
import type { Session } from "./session.ts";
import type { Totals } from "./sessions.ts";

const MAX_ASKED = 1000; // connections that the system is asked of, some microseconds each

/** Reports rates every `interval` milliseconds, until the returned function is called. */
export function emitStats(
  interval: number,
  { log, clock, totals, sessions }: {
    readonly log: Log;
    readonly clock: Clock;
    readonly totals: () => Totals;
    /** Those that are open. */
    readonly sessions: () => Iterable<Pick<Session, "tcpInfo">>;
  },
): () => void {
  let last = { ...totals(), at: clock.now() };
  return every(clock, interval, () => {
    const now = { ...totals(), at: clock.now() };
    const rate = (key: "connections" | "chunks" | "received" | "sent") =>
      (now[key] - last[key]) * 1000 / (now.at - last.at);
    const tcp = tcpOf(sessions());
    log.emit({
      event: "stats",
      ...(tcp && { tcp }),
      open: now.open,
      openedPerSecond: rate("connections"),
      chunksPerSecond: rate("chunks"),
      receivedPerSecond: rate("received"),
      sentPerSecond: rate("sent"),
    });
    last = now;
  });
}

function tcpOf(sessions: Iterable<Pick<Session, "tcpInfo">>): TcpTotals | undefined {
  let all: TcpTotals | undefined;
  for (const { tcpInfo } of Iterator.from(sessions).take(MAX_ASKED)) {
    if (tcpInfo) all = addTcp(all, tcpTotals(tcpInfo));
  }
  return all;
}
