/** The signals that stop a program: the first requests it, the second insists. */

/** A request to stop, in two steps. */
export interface Shutdown {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  /** Resolves at the second signal. */
  readonly insisted: Promise<void>;
  /** The first signal, once there was one. */
  readonly signal?: Deno.Signal | undefined;
}

const NUMBERS: ReadonlyMap<Deno.Signal, number> = new Map([
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGQUIT", 3],
  ["SIGTERM", 15],
  ["SIGBREAK", 21],
]);

/** The exit code of a program that a signal has ended, as shells have it. */
export function exitCodeOf(signal: Deno.Signal): number {
  return 128 + NUMBERS.get(signal)!;
}

const ended = Promise.withResolvers<number>();
let listening = false;
let onSignal: (signal: Deno.Signal) => void = (signal) => ended.resolve(exitCodeOf(signal));

/**
 * Resolves with an exit code at a signal that nothing else handles, once
 * {@linkcode endAtSignals} was called.
 */
export const endedBySignal: Promise<number> = ended.promise;

/**
 * Ends the program at a signal, unless {@linkcode handleSignals} is called. What the runtime does by
 * itself is a segmentation fault where the program is process 1, as in a container.
 */
export function endAtSignals(): void {
  if (listening) return;
  listening = true;
  for (const signal of signals()) Deno.addSignalListener(signal, () => onSignal(signal));
}

/**
 * Handles the signals that end a process. To be called before the first accept: with every
 * descriptor in use, Deno 2.9 panics when its signal machinery is first needed.
 */
export function handleSignals(): Shutdown {
  const requested = Promise.withResolvers<void>();
  const insisted = Promise.withResolvers<void>();
  let first: Deno.Signal | undefined;
  onSignal = (signal) => {
    first = signal;
    requested.resolve();
    onSignal = () => insisted.resolve();
  };
  endAtSignals();
  return {
    requested: requested.promise,
    insisted: insisted.promise,
    get signal() {
      return first;
    },
  };
}

function signals(): readonly Deno.Signal[] {
  if (Deno.build.os === "windows") return ["SIGINT", "SIGBREAK"];
  const hangup = hangupEnds() ? ["SIGHUP"] as const : [];
  return ["SIGINT", "SIGTERM", ...hangup, "SIGQUIT"];
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
