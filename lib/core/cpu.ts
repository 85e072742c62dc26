/** CPU time of this program, and how long a thread waits for a CPU. */
import process from "node:process";

/** CPU time over elapsed time, 1 being one core. */
export interface CpuUse {
  readonly user: number;
  readonly system: number;
}

/** Measures from now on; what is returned tells the use since then. */
export function measureCpu(clock: { now(): number }): () => CpuUse {
  const [before, started] = [process.cpuUsage(), clock.now()];
  return () => {
    const { user, system } = process.cpuUsage(before); // microseconds
    const elapsed = Math.max(1, (clock.now() - started) * 1000);
    return { user: user / elapsed, system: system / elapsed };
  };
}

/**
 * How long this thread has been ready to run, and had no CPU, in milliseconds since it began; undefined
 * where the system does not tell. Linux does, in the second number of schedstat.
 */
export function cpuWaitMs(): number | undefined {
  try {
    const [, nanoseconds] = Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ");
    return Number(nanoseconds) / 1e6;
  } catch {
    return undefined;
  }
}
