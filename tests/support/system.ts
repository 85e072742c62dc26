/** Folders, ports and processes of the machine. */

/** Runs a test with a folder of its own. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const UNASSIGNED = { first: 20_000, count: 12_000 }; // below the ports that systems hand out

/** A port on which nobody listens, and which no other program is given by the system. */
export function unusedPort(): number {
  for (;;) {
    const port = UNASSIGNED.first + Math.floor(Math.random() * UNASSIGNED.count);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Resident memory of a process, in bytes (Linux). */
export function residentMemory(pid: number): number {
  const pages = Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ")[1];
  return Number(pages) * 4096;
}

/**
 * CPU time that a process and its children have used, in milliseconds to the nearest 10 (Linux).
 */
export function cpuTime(pid: number): number {
  try {
    for (;;) {
      const { own, ended } = ticks(pid);
      const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ");
      const living = children.filter(Boolean).map((child) => cpuTime(Number(child)));
      // Otherwise one has ended meanwhile, and might be counted nowhere.
      if (ticks(pid).ended === ended) {
        return living.reduce((sum, one) => sum + one, (own + ended) * 10);
      }
    }
  } catch {
    return 0; // it has ended, and its parent counts it
  }
}

function ticks(pid: number): { readonly own: number; readonly ended: number } {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ").map(Number);
  return { own: fields[11]! + fields[12]!, ended: fields[13]! + fields[14]! };
}
