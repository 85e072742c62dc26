/** Names to addresses, as the system resolves them. */
import { type InetAddress, isLiteral } from "../address.ts";
import { NetworkError } from "../../core/errors.ts";
import { NO_SUCH_HOST } from "../../core/explain.ts";

const UNKNOWN = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME"]);

/**
 * Every address of a host, in the order to try them: the families in turns, beginning with the
 * one that the system prefers (RFC 8305 section 4). Rejects with the signal's reason on abort.
 *
 * @throws {NetworkError} when the name has no address
 */
export async function resolve(
  address: InetAddress,
  { signal }: { signal: AbortSignal },
): Promise<InetAddress[]> {
  const names = await hostnames(address.hostname, signal);
  return interleave(names).map((hostname) => ({ ...address, hostname }));
}

/** Whether the system is asked for the addresses of a name: not for an IP address or localhost. */
export function isLookedUp(name: string): boolean {
  return !isLiteral(name) && name !== "localhost";
}

async function hostnames(name: string, signal: AbortSignal): Promise<string[]> {
  if (isLiteral(name)) return [name];
  if (name === "localhost") return ["::1", "127.0.0.1"]; // RFC 6761 section 6.3: no look-up
  const { lookup } = await import("node:dns");
  return await new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    lookup(name, { all: true }, (error, found) => {
      if (error) reject(new NetworkError(`Cannot resolve ${name}: ${reason(error)}`));
      else resolve(found.map(({ address }) => address));
    });
  });
}

function reason(error: { code?: string | null | undefined }): string {
  if (UNKNOWN.has(error.code ?? "")) return NO_SUCH_HOST;
  return `the name server gave no answer (${error.code}); check the network, or use an IP address`;
}

function interleave(names: readonly string[]): string[] {
  const sixth = names.filter((name) => name.includes(":"));
  const fourth = names.filter((name) => !name.includes(":"));
  const [first, second] = names[0]?.includes(":") ? [sixth, fourth] : [fourth, sixth];
  return first.flatMap((name, index) => second[index] ? [name, second[index]] : [name]).concat(
    second.slice(first.length),
  );
}
