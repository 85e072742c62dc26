/** Serving: accept, hand to a service, stop and drain. */
import { Acceptor } from "./accept.ts";
import { systemClock, wait } from "./clock.ts";
import type { Log } from "./events/log.ts";
import type { Duplex } from "./net/duplex.ts";
import type { Listener } from "./net/transport.ts";
import { services } from "./services/table.ts";
import type { Ending } from "./session.ts";
import { Sessions } from "./sessions.ts";
import type { Shutdown } from "./shutdown.ts";
import { emitStats } from "./stats.ts";

/** The options of a server that matter while it serves; times in milliseconds. */
export interface ServingOptions {
  readonly once: boolean;
  readonly stats: number | undefined;
  readonly maxConnections: number | undefined;
  readonly idleTimeout: number | undefined;
  readonly grace: number;
}

/** What {@linkcode serve} needs besides the listeners. */
export interface Serving {
  readonly values: ServingOptions;
  readonly shutdown: Shutdown;
  readonly log: Log;
}

/** Serves until a signal, or with `once` until one session has ended; returns how that one did. */
export async function serve(
  listeners: readonly Listener[],
  { values, shutdown, log }: Serving,
): Promise<Ending | undefined> {
  const clock = systemClock;
  const started = clock.now();
  const { idleTimeout, maxConnections } = values;
  const limit = values.once ? 1 : maxConnections;
  const only = Promise.withResolvers<Ending>();
  const context = { service: services[0], log, clock, idleTimeout };
  const sessions = new Sessions(context, { limit, onEnd: values.once ? only.resolve : undefined });
  const onPeer = (peer: Duplex) => {
    if (values.once) stopAccepting();
    sessions.serve(peer);
  };
  const acceptors = listeners.map((one) => new Acceptor(one, { onPeer, log, clock }));
  const stopAccepting = () => acceptors.forEach((acceptor) => acceptor.stop());
  const accepting = Promise.all(acceptors.map((acceptor) => acceptor.run()));
  const stopStats = values.stats ? emitStats(values.stats, { log, clock, sessions }) : () => {};
  const ending = await Promise.race([only.promise, shutdown.requested]);

  stopAccepting();
  await accepting; // only then are the ports free
  await drain(sessions, { values, shutdown, log });
  stopStats();
  const { connections, refused, received, sent } = sessions.totals;
  const elapsedMs = clock.now() - started;
  log.emit({ event: "summary", connections, refused, received, sent, elapsedMs });
  return ending ?? undefined;
}

async function drain(sessions: Sessions, { values, shutdown, log }: Serving): Promise<void> {
  const { open } = sessions.totals;
  if (open > 0 && values.grace > 0) {
    log.emit({ event: "stopping", open, graceMs: values.grace });
    const grace = wait(systemClock, values.grace);
    await Promise.race([sessions.drain(), grace.over, shutdown.insisted]);
    grace.cut();
  }
  await sessions.endAll("stopped");
}
