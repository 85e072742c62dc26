/** Sets of IP networks, of any size, with a look-up of microseconds. */
import { isIPv6 } from "node:net";
import { unmapped } from "./address.ts";
import { ipBytes } from "./ip.ts";

const [DOT, ZERO, NINE] = [0x2e, 0x30, 0x39]; // character codes

/** A network: the number of its first address (IPv6: a bigint), and how many bits its addresses share. */
export interface Network {
  readonly first: number | bigint;
  readonly prefix: number;
}

/**
 * Reads a network such as `10.0.0.0/8`, or a single address. Returns undefined for anything else. An
 * IPv4-mapped IPv6 network (RFC 4291 section 2.5.5.2) is one of IPv4.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const given = slash < 0 ? text : text.slice(0, slash);
  const address = given.includes(":") ? unmapped(given) : given;
  const number = addressNumber(address);
  if (number === undefined) return undefined;
  const bits = typeof number === "bigint" ? 128 : 32;
  const length = text.slice(slash + 1);
  if (slash >= 0 && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = slash < 0 ? bits : Number(length) - (address === given ? 0 : 96);
  if (prefix < 0 || prefix > bits) return undefined;
  if (typeof number === "number") return { first: number - number % size4(prefix), prefix };
  const hostBits = BigInt(128 - prefix);
  return { first: number >> hostBits << hostBits, prefix };
}

/**
 * A set of networks.
 *
 * @example
 * ```ts
 * import { NetworkSet, parseNetwork } from "./network_set.ts";
 * import { assert } from "@std/assert";
 *
 * const set = new NetworkSet([parseNetwork("10.0.0.0/8")!, parseNetwork("2001:db8::/32")!]);
 * assert(set.has("10.1.2.3") && set.has("2001:db8::1") && !set.has("192.0.2.1"));
 * ```
 */
export class NetworkSet {
  readonly #v4: Ranges<number> = { first: [], last: [] };
  readonly #v6: Ranges<bigint> = { first: [], last: [] };

  constructor(networks: Iterable<Network>) {
    // Each as one number, its first address and then its prefix, which sorts faster than an object.
    const v4: number[] = [];
    const v6: bigint[] = [];
    for (const { first, prefix } of networks) {
      if (typeof first === "bigint") v6.push(first << 8n | BigInt(prefix));
      else v4.push(first * 64 + prefix);
    }
    for (const network of Float64Array.from(v4).sort()) {
      const first = Math.floor(network / 64);
      add(this.#v4, { first, last: first + size4(network % 64) - 1 });
    }
    for (const network of v6.sort((one, other) => one < other ? -1 : 1)) {
      const first = network >> 8n;
      add(this.#v6, { first, last: first + (1n << (128n - (network & 255n))) - 1n });
    }
  }

  /** Whether an address is in one of the networks. */
  has(address: string): boolean {
    const number = addressNumber(address);
    return typeof number === "bigint"
      ? isWithin(this.#v6, number)
      : number !== undefined && isWithin(this.#v4, number);
  }
}

/** Ranges of addresses in ascending order, of which none overlap. */
interface Ranges<N extends number | bigint> {
  readonly first: N[];
  readonly last: N[];
}

// Networks are disjoint, or one holds the other; in ascending order, the one that holds comes first.
function add<N extends number | bigint>(
  ranges: Ranges<N>,
  { first, last }: { readonly first: N; readonly last: N },
): void {
  if (ranges.last.length > 0 && ranges.last.at(-1)! >= last) return;
  ranges.first.push(first);
  ranges.last.push(last);
}

function size4(prefix: number): number {
  return 2 ** (32 - prefix);
}

function isWithin<N extends number | bigint>({ first, last }: Ranges<N>, address: N): boolean {
  let [from, to] = [0, first.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (first[middle]! <= address) from = middle + 1;
    else to = middle;
  }
  return from > 0 && address <= last[from - 1]!;
}

function addressNumber(text: string): number | bigint | undefined {
  if (!text.includes(":")) return ipv4Number(text);
  if (!isIPv6(text) || text.includes("%")) return undefined;
  return ipBytes(text).reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
}

// By hand, as lists may have a million lines: an expression takes three times as long.
function ipv4Number(text: string): number | undefined {
  let [number, octet, dots] = [0, -1, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (octet < 0 || ++dots > 3) return undefined;
      number = number * 256 + octet;
      octet = -1;
    } else {
      if (code < ZERO || code > NINE || octet === 0) return undefined; // no leading zeros
      octet = (octet < 0 ? 0 : octet * 10) + code - ZERO;
      if (octet > 255) return undefined;
    }
  }
  return dots === 3 && octet >= 0 ? number * 256 + octet : undefined;
}
