/** What the runtime can do, and what it was given. */
import { FinalError } from "./errors.ts";

const NODE_NETWORKING = [2, 9] as const; // half-close and inspection by node:net and node:tls

/** Whether the runtime's node:net and node:tls work well enough. */
export function hasNodeNetworking(version: string = Deno.version.deno): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor, neededMinor] = NODE_NETWORKING;
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** @throws {FinalError} where they are not */
export function requireNodeNetworking(feature: string): void {
  if (hasNodeNetworking()) return;
  const needed = NODE_NETWORKING.join(".");
  throw new FinalError(
    `${feature} needs a netecho built with Deno ${needed} or newer; this one has ${Deno.version.deno}`,
  );
}

const NOTHING = new Uint8Array(0);

/**
 * Resolves when the runtime has looked at every socket. While the operations on some of them succeed
 * at once, it does not look at the others; `setImmediate` makes it look in every 61st turn only
 * (tokio's event interval), and the shortest timer takes a millisecond. The digest of nothing is
 * computed on another thread, and the runtime looks while it waits: 20 to 50 us.
 */
export async function pollSockets(): Promise<void> {
  await crypto.subtle.digest("SHA-1", NOTHING);
}

/** Whether functions of a library may be called without anybody being asked. */
export function mayCall(library: string): boolean {
  return Deno.permissions.querySync({ name: "ffi", path: library }).state === "granted";
}

/** A variable of the environment; undefined also where its permission was not granted. */
export function environmentVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
