/** Serving: accept everywhere, stop, drain. */
import { type Clock, delay, settlesWithin } from "../core/clock.ts";
import type { Shutdown } from "../core/signals.ts";
import type { Log } from "../log/log.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Ending } from "./session.ts";
import { emitStats } from "./stats.ts";

/** What {@linkcode serve} needs besides the endpoints. Times in milliseconds. */
export interface ServeOptions {
  /** How long to wait for open connections to end. */
  readonly grace: number;
  /** How often to report rates. */
  readonly stats?: number | undefined;
  /** Resolves when a session has ended after which no other is to be served. */
  readonly done?: Promise<Ending> | undefined;
  readonly shutdown: Shutdown;
  readonly log: Log;
  readonly clock: Clock;
}

/** Serves until asked to stop, or until `done`; returns what that resolved with. */
export async function serve(
  endpoints: Endpoints,
  { grace, stats, done = new Promise(() => {}), shutdown, log, clock }: ServeOptions,
): Promise<Ending | undefined> {
  const started = clock.now();
  for (const endpoint of endpoints) endpoint.accept();
  const totals = () => endpoints.totals;
  const sessions = () => [...endpoints].flatMap(({ sessions }) => [...sessions]);
  const stopStats = stats ? emitStats(stats, { log, clock, totals, sessions }) : () => {};
  const ending = await Promise.race([done, shutdown.requested]);

  await endpoints.stopListening();
  await drain(endpoints, { grace, shutdown, log, clock });
  stopStats();
  const served = [...endpoints].filter(({ totals: { connections } }) => connections > 0);
  const delays = served.map(({ spec: { transport } }) => transport.closeDelayMs ?? 0);
  await delay(Math.max(0, ...delays), { clock });
  const { connections, refused, received, sent } = totals();
  const elapsedMs = clock.now() - started;
  log.emit({ event: "summary", connections, refused, received, sent, elapsedMs });
  return ending ?? undefined;
}

async function drain(
  endpoints: Endpoints,
  { grace, shutdown, log, clock }: Pick<ServeOptions, "grace" | "shutdown" | "log" | "clock">,
): Promise<void> {
  const { open } = endpoints.totals;
  if (open > 0 && grace > 0) {
    log.emit({ event: "stopping", open, graceMs: grace });
    const over = Promise.race([endpoints.drain(), shutdown.insisted]);
    await settlesWithin(over, { clock, milliseconds: grace });
  }
  await endpoints.endAll({ reason: "stopped" });
}
