/** How many descriptors this program may have, each connection being one. */

const RESERVED = 32; // for files, listeners and the runtime itself
const ALWAYS_ALLOWED = 200; // connections; no system begins with less
const FUNCTIONS = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

/** Where the functions are, the number of RLIMIT_NOFILE, and the most that is taken for it. */
interface LimitedSystem {
  readonly library: string;
  readonly resource: number;
  readonly most: bigint;
}

const SYSTEMS: ReadonlyMap<string, LimitedSystem> = new Map([
  ["linux", { library: "libc.so.6", resource: 7, most: 2n ** 64n - 1n }],
  // OPEN_MAX of <sys/syslimits.h>, beyond which setrlimit fails.
  ["darwin", { library: "libSystem.B.dylib", resource: 8, most: 10_240n }],
]);

/**
 * Raises the soft limit as far as the system allows (setrlimit(2)): a compiled program begins with
 * 1,024 on most Linux systems and 256 on macOS, which `deno run` raises by itself. Returns the limit;
 * undefined where it is not known.
 */
export function raiseDescriptorLimit(): number | undefined {
  const system = SYSTEMS.get(Deno.build.os);
  if (!system) return undefined;
  let libc: Deno.DynamicLibrary<typeof FUNCTIONS> | undefined;
  try {
    libc = Deno.dlopen(system.library, FUNCTIONS);
    const limit = new BigUint64Array(2); // struct rlimit: soft, hard
    const bytes = new Uint8Array(limit.buffer);
    if (libc.symbols.getrlimit(system.resource, bytes) !== 0) return undefined;
    const [soft, hard] = limit as Iterable<bigint> as [bigint, bigint];
    const wanted = hard < system.most ? hard : system.most;
    if (wanted <= soft) return Number(soft);
    limit[0] = wanted;
    return Number(libc.symbols.setrlimit(system.resource, bytes) === 0 ? wanted : soft);
  } catch {
    return undefined; // no permission, or no such library
  } finally {
    libc?.close();
  }
}

/** Raises the limit; returns what to tell the user where it is too low for so many connections. */
export function checkDescriptorLimit(connections: number, option: string): string | undefined {
  if (connections <= ALWAYS_ALLOWED) return undefined;
  const limit = raiseDescriptorLimit();
  if (limit === undefined || limit >= connections + RESERVED) return undefined;
  return `This system lets a program have ${limit} files and connections open (ulimit -n): ` +
    `${option} ${connections} is more`;
}
