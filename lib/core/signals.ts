/** The signals that stop a program: the first requests it, the second insists. */

/** A request to stop, in two steps. */
export interface Shutdown {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  /** Resolves at the second signal. */
  readonly insisted: Promise<void>;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Handles the signals that end a process. To be called before the first accept: with every
 * descriptor in use, Deno 2.9 panics when its signal machinery is first needed.
 */
export function handleSignals(): Shutdown {
  const requested = Promise.withResolvers<void>();
  const insisted = Promise.withResolvers<void>();
  let next = requested;
  const onSignal = () => {
    next.resolve();
    next = insisted;
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  return { requested: requested.promise, insisted: insisted.promise };
}
