/** Where a proxy is to listen, as toxiproxy's clients write it. */
import { isIP } from "node:net";
import { formatHostPort } from "../../net/address.ts";
import { parseAddress } from "../../net/parse_address.ts";
import { resolve } from "../../net/connect/resolve.ts";

const RESOLVE_TIMEOUT_MS = 5000;

/**
 * The address in the words of the command line. As in Go, nothing is any free port, and a name is
 * resolved, to IPv4 where it has both.
 *
 * @throws {UsageError} where it is no address
 * @throws {NetworkError} where a name has no address
 */
export async function listenWords(listen: string): Promise<string> {
  const words = await resolved(listen);
  parseAddress(words);
  return words;
}

async function resolved(listen: string): Promise<string> {
  if (listen === "") return ":0";
  const [, host, port] = /^([^:/[\]]+):(\d+)$/.exec(listen) ?? [];
  if (host === undefined) return listen.replace(/^\[::\]:/, ":");
  if (host === "0.0.0.0") return `:${port}`; // Go listens on IPv6 as well
  if (isIP(host)) return listen;
  const address = { transport: "tcp", hostname: host, port: Number(port) };
  const found = await resolve(address, { signal: AbortSignal.timeout(RESOLVE_TIMEOUT_MS) });
  const chosen = found.find(({ hostname }) => isIP(hostname) === 4) ?? found[0];
  return chosen ? formatHostPort(chosen) : listen;
}
