/** What the runtime must be for what it does not always do right. */
import { FinalError } from "./errors.ts";

const NODE_NETWORKING = [2, 9] as const; // half-close and inspection by node:net and node:tls

/** Whether the runtime's node:net and node:tls are fit for use. */
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
