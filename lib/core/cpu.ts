/** CPU time of this program. */
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
    const elapsed = (clock.now() - started) * 1000;
    return { user: user / elapsed, system: system / elapsed };
  };
}
