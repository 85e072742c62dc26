/** Who may connect: networks that are allowed, and networks that are denied. */
import { BlockList, isIP } from "node:net";
import { unmapped } from "../net/address.ts";
import { UsageError } from "../core/errors.ts";
import { readFile } from "../cli/options.ts";

/**
 * Lists of networks. A host is denied where one of `deny` holds it, or where there is an `allow`
 * and none of it does. An IPv4-mapped IPv6 address counts as IPv4.
 *
 * @example
 * ```ts
 * import { AccessList } from "./access_list.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const access = new AccessList({ allow: ["10.0.0.0/8"], deny: ["10.6.6.6"] });
 * assertEquals(access.denies("10.1.2.3"), undefined);
 * assertEquals(access.denies("10.6.6.6"), "--deny holds it");
 * assertEquals(access.denies("192.0.2.1"), "--allow does not hold it");
 * ```
 */
export class AccessList {
  readonly #allow: BlockList | undefined;
  readonly #deny: BlockList;

  /**
   * Reads the values of `--allow` and `--deny`: networks, addresses, or `@FILE` with one on each
   * line; what follows a `#` is a comment.
   *
   * @throws {UsageError} naming what is no network
   */
  constructor({ allow, deny }: { allow: readonly string[]; deny: readonly string[] }) {
    this.#allow = allow.length > 0 ? listOf("allow", allow) : undefined;
    this.#deny = listOf("deny", deny);
  }

  /** Why a host may not connect; nothing where it may. */
  denies(hostname: string): string | undefined {
    const address = unmapped(hostname.replace(/%.*/, ""));
    const family = familyOf(address);
    if (this.#deny.check(address, family)) return "--deny holds it";
    if (this.#allow && !this.#allow.check(address, family)) return "--allow does not hold it";
    return undefined;
  }
}

function listOf(option: string, texts: readonly string[]): BlockList {
  const list = new BlockList();
  try {
    for (const network of texts.flatMap(entriesOf)) {
      const { address, prefix } = parseNetwork(network);
      list.addSubnet(address, prefix, familyOf(address));
    }
    return list;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`Option --${option}: ${error.message}`);
  }
}

function entriesOf(text: string): string[] {
  const entries = text.startsWith("@")
    ? new TextDecoder().decode(readFile(text.slice(1))).split("\n")
    : text.split(",");
  return entries.map((entry) => entry.replace(/#.*/, "").trim()).filter((entry) => entry !== "");
}

function parseNetwork(network: string): { address: string; prefix: number } {
  const [, given = "", length] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
  const address = unmapped(given);
  const bits = { 4: 32, 6: 128 }[isIP(address)] ?? NaN;
  const prefix = length === undefined ? bits : Number(length) - (address === given ? 0 : 96);
  if (prefix >= 0 && prefix <= bits) return { address, prefix };
  throw new UsageError(
    `a network such as 10.0.0.0/8 or 2001:db8::/32, an address or @FILE is needed, not "${network}"`,
  );
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
