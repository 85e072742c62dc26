/** The signals that stop a program: the first requests it, the second insists. */

/** A request to stop, in two steps. */
export interface Shutdown {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  /** Resolves at the second signal. */
  readonly insisted: Promise<void>;
}

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
  for (const signal of signals()) Deno.addSignalListener(signal, onSignal);
  return { requested: requested.promise, insisted: insisted.promise };
}

function signals(): readonly Deno.Signal[] {
  if (Deno.build.os === "windows") return ["SIGINT", "SIGBREAK"];
  return hangupEnds() ? ["SIGINT", "SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM"];
}

// A program that was started by nohup ignores SIGHUP, and is to go on ignoring it. It has no terminal,
// and only Linux tells what it ignores; not the compiled program, which may read files alone.
function hangupEnds(): boolean {
  if (Deno.build.os !== "linux") return false;
  if (Deno.stdin.isTerminal()) return true;
  if (Deno.build.standalone) return false;
  try {
    const [, ignored] = /^SigIgn:\s*([\da-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))!;
    return (BigInt(`0x${ignored}`) & 1n) === 0n; // SIGHUP is 1, and the lowest bit
  } catch {
    return false;
  }
}
