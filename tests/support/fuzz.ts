/** Random inputs near to valid ones, by seed: whatever comes, a parser reads it or says why not. */
import { assert, assertEquals } from "@std/assert";
import { parseOptions } from "../../lib/cli/parse.ts";
import { NetworkError, UsageError } from "../../lib/core/errors.ts";
import { withPatterns } from "../../lib/core/byte_pattern.ts";
import { type Random, seeded } from "../../lib/core/random.ts";
import { faults } from "../../lib/faults/kinds.ts";
import { parseFault } from "../../lib/faults/parse.ts";
import { formatAddress } from "../../lib/net/address.ts";
import { parseAddress } from "../../lib/net/parse_address.ts";
import { canonicalIp } from "../../lib/net/ip.ts";
import { proxyHeader, readProxyHeader } from "../../lib/net/proxy_protocol.ts";
import { listenOptions } from "../../lib/net/transports.ts";
import { parseEndpoints } from "../../lib/server/endpoint_spec.ts";
import { serverOptions } from "../../lib/server/options.ts";
import { serviceOptions } from "../../lib/server/services.ts";
import { FakeSocket } from "./fakes.ts";

const ADDRESSES = [
  "127.0.0.1:80",
  "tls://[::1]:443",
  "udp://:9",
  "unix:/tmp/a,b",
  'unix:"/tmp/\\"x"',
  "[fe80::1%eth0]:1",
  "localhost:0",
  "unix:@name",
];
const PIECES = ["", ":", ",", "=", '"', "\\", "[", "]", "%", "/", "@", "-", "0", "65536", "1e9"];
const MORE_PIECES = ["ms", "MiB", "constructor", "__proto__", "é", "\u202e", "\0", "\n", "𝕏", "::"];
const TABLES = [serverOptions, serviceOptions, listenOptions];

/** Reads an input that is made by chance. Rejects if the input is handled in a wrong way. */
type Attempt = (random: Random) => Promise<void> | void;

const attempts = {
  addresses(random: Random) {
    const read = attempt(() => parseAddress(mutated(pick(ADDRESSES, random), random)));
    // What is printed can be given again.
    if (read) assertEquals(parseAddress(formatAddress(read)), read);
  },

  async endpoints(random: Random) {
    const keys = ["name=x", "enabled=false", "to=:1", "allow=10.0.0.0/8", "idle-timeout=1s"];
    const written = `${pick(ADDRESSES, random)}=echo,${pick(keys, random)},${pick(keys, random)}`;
    const defaults = await parseOptions(TABLES, []);
    await attemptAsync(() => parseEndpoints([mutated(written, random)], defaults));
  },

  async faults(random: Random) {
    const common = ["after=1KB", "until=2s", "match=/a.c/", "connections=1-3", "toxicity=50%"];
    const written = `${pick(faults, random).example},${pick(common, random)}`;
    await withPatterns(() => attempt(() => parseFault(mutated(written, random))));
  },

  async options(random: Random) {
    const args = Array.from({ length: 1 + random() * 4 }, () => {
      const table: object = pick(TABLES, random);
      const key = pick(Object.keys(table), random).replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
      return mutated(
        `--${key}=${pick(["1", "1s", "64KiB", "true", "/nonexistent"], random)}`,
        random,
      );
    });
    await attemptAsync(() => parseOptions(TABLES, args));
  },

  async proxyHeaders(random: Random) {
    const end = (hostname: string) => ({ transport: "tcp", hostname, port: 7 }) as const;
    const hosts = random() < 0.5 ? ["192.0.2.1", "10.0.0.1"] : ["2001:db8::1", "::1"];
    const ends = { local: end(hosts[0]!), remote: end(hosts[1]!) };
    const header = proxyHeader(ends, { version: random() < 0.5 ? "1" : "2" });
    for (let count = random() * 4; count > 0; count--) {
      header[Math.floor(random() * header.length)] = random() * 256;
    }
    const socket = new FakeSocket([header]);
    const read = await attemptAsync(() => readProxyHeader(socket, "tcp"));
    for (const address of [read?.local, read?.remote]) {
      if (address && "port" in address) {
        assertEquals(canonicalIp(address.hostname), address.hostname);
        assert(address.port >= 0 && address.port < 65_536, `${address.port}`);
      }
    }
  },
};

/** What is fuzzed, by name. */
export const fuzzers: ReadonlyMap<string, Attempt> = new Map(Object.entries(attempts));

/** Makes so many attempts. Rejects with the seed of one that fails. */
export async function fuzz(
  name: string,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<void> {
  for (let number = 0; number < count; number++) {
    try {
      await fuzzers.get(name)!(seeded(seed, number));
    } catch (error) {
      throw new Error(`${name}, seed ${seed}, number ${number}: ${error}`, { cause: error });
    }
  }
}

function pick<T>(among: readonly T[], random: Random): T {
  return among[Math.floor(random() * among.length)]!;
}

function mutated(text: string, random: Random): string {
  let result = text;
  for (let count = Math.floor(random() * 4); count > 0; count--) {
    const from = Math.floor(random() * (result.length + 1));
    const to = from + Math.floor(random() * random() * 8);
    const piece = pick([...PIECES, ...MORE_PIECES, result.slice(from, from + 5)], random);
    result = result.slice(0, from) + piece + result.slice(to);
  }
  return result;
}

// Only errors for the user pass.
function attempt<R>(work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    return checkError(error);
  }
}

async function attemptAsync<R>(work: () => Promise<R>): Promise<R | undefined> {
  try {
    return await work();
  } catch (error) {
    return checkError(error);
  }
}

function checkError(error: unknown): undefined {
  if (!(error instanceof UsageError) && !(error instanceof NetworkError)) throw error;
  assert(error.message.length > 10, error.message);
}
