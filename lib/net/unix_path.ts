/** Paths of Unix sockets, and the files that are there. */
import type { UnixAddress } from "./address.ts";

/**
 * Calls `listen` with the path of an address, again where nobody listens there any more: a server
 * that was killed leaves its file behind.
 *
 * @throws what `listen` throws
 */
export async function listenOver<T>(
  address: UnixAddress,
  listen: (path: string) => T,
): Promise<T> {
  const path = systemPath(address);
  try {
    return listen(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    const present = fileAt(path);
    if (!await isStale(path)) throw error;
    const aside = setAside(path);
    // Another server may have done the same in between: then this is its socket.
    if (fileAt(aside) !== present) {
      Deno.renameSync(aside, path);
      throw error;
    }
    try {
      return listen(path);
    } finally {
      Deno.removeSync(aside);
    }
  }
}

/** The identity of a file; undefined if there is none. */
export function fileAt(path: string): string | undefined {
  try {
    const { dev, ino, mtime } = Deno.lstatSync(path);
    return `${dev} ${ino} ${mtime?.getTime()}`; // an inode number is soon used again
  } catch {
    return undefined;
  }
}

/** Renames a file, and returns its new path. */
export function setAside(path: string): string {
  const aside = `${path}.${crypto.randomUUID()}`;
  Deno.renameSync(path, aside);
  return aside;
}

async function isStale(path: string): Promise<boolean> {
  if (path.startsWith("\0") || !(await Deno.lstat(path)).isSocket) return false;
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

/** The path as the system takes it: an abstract name begins with a NUL. */
export function systemPath({ path }: UnixAddress): string {
  return path.replace(/^@/, "\0");
}
