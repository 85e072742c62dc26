/** SIGINT and SIGTERM: the first asks to stop, the second insists. */

/** A wish to stop, in two steps. */
export interface Shutdown {
  /** Aborts when asked to stop. */
  readonly requested: AbortSignal;
  /** Aborts when asked again. */
  readonly insisted: AbortSignal;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Takes over the signals that end a process. To be called before the first accept: with every
 * descriptor in use, Deno 2.9 panics when its signal machinery is first needed.
 */
export function handleSignals(): Shutdown {
  const requested = new AbortController();
  const insisted = new AbortController();
  const onSignal = () => (requested.signal.aborted ? insisted : requested).abort();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  return { requested: requested.signal, insisted: insisted.signal };
}
