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
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
    return children.split(" ").filter(Boolean).map(Number).map(cpuTime).reduce(
      (a, b) => a + b,
      own,
    );
  } catch {
    return 0; // it has ended, and its parent counts it
  }
}
