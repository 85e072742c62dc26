/** Serving: accept, hand to a service, stop and drain. */
import { Acceptor } from "./acceptor.ts";
import type { Binding } from "./listeners.ts";
import { systemClock, wait } from "../core/clock.ts";
import type { Capture } from "../capture/capture.ts";
import type { Log } from "../log/log.ts";
import type { FaultPlan } from "../faults/plan.ts";
import type { Arrival } from "../net/transport.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Ending } from "./session.ts";
import { type Limits, Sessions } from "./sessions.ts";
import type { Shutdown } from "../core/signals.ts";
import { emitStats } from "./stats.ts";

/** The options of a server that matter while it serves; times in milliseconds. */
export interface ServingOptions extends Values<OptionTable> {
  readonly once: boolean;
  readonly stats: number | undefined;
  readonly idleTimeout: number | undefined;
  readonly grace: number;
}

/** What {@linkcode serve} needs besides the listeners. */
export interface Serving {
  readonly values: ServingOptions;
  readonly limits: Limits;
  readonly faults?: FaultPlan | undefined;
  readonly capture?: Capture | undefined;
  readonly shutdown: Shutdown;
  readonly log: Log;
}

/** Serves until a signal, or with `once` until one session has ended; returns how that one did. */
export async function serve(
  bindings: readonly Binding[],
  { values, limits, faults, capture, shutdown, log }: Serving,
): Promise<Ending | undefined> {
  const clock = systemClock;
  const started = clock.now();
  const { once, idleTimeout } = values;
  const only = Promise.withResolvers<Ending>();
  const sessions = new Sessions({ log, clock, values, idleTimeout, faults, capture }, {
    ...limits,
    ...(once && { connections: 1, onOpen: () => stop(ofConnections), onEnd: only.resolve }),
  });
  const acceptors = bindings.map(({ listener, service }) => {
    const onArrival = (arrival: Arrival) => sessions.serve(arrival, service);
    return new Acceptor(listener, { onArrival, log, clock });
  });
  // A remote without a connection goes on arriving where it first did.
  const ofConnections = acceptors.filter((_, index) => !bindings[index]!.transport.connectionless);
  const stop = (some: readonly Acceptor[]) => some.forEach((acceptor) => acceptor.stop());
  const accepting = Promise.all(acceptors.map((acceptor) => acceptor.run()));
  const stopStats = values.stats ? emitStats(values.stats, { log, clock, sessions }) : () => {};
  const ending = await Promise.race([only.promise, shutdown.requested]);

  stop(acceptors);
  await accepting; // only then are the ports free
  await drain(sessions, { values, shutdown, log });
  stopStats();
  const parting = Math.max(0, ...bindings.map(({ transport }) => transport.parting ?? 0));
  if (parting > 0) await wait(clock, parting).over;
  const { connections, refused, received, sent } = sessions.totals;
  const elapsedMs = clock.now() - started;
  log.emit({ event: "summary", connections, refused, received, sent, elapsedMs });
  return ending ?? undefined;
}

async function drain(
  sessions: Sessions,
  { values, shutdown, log }: Pick<Serving, "values" | "shutdown" | "log">,
): Promise<void> {
  const { open } = sessions.totals;
  if (open > 0 && values.grace > 0) {
    log.emit({ event: "stopping", open, graceMs: values.grace });
    const grace = wait(systemClock, values.grace);
    await Promise.race([sessions.drain(), grace.over, shutdown.insisted]);
    grace.cut();
  }
  await sessions.endAll("stopped");
}
