/** Who may connect: networks that are allowed, and networks that are denied. */
import { unmapped } from "../net/address.ts";
import { type Network, NetworkSet, parseNetwork } from "../net/network_set.ts";
import { UsageError } from "../core/errors.ts";
import { readTextFile } from "../cli/files.ts";

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
  readonly #allow: NetworkSet | undefined;
  readonly #deny: NetworkSet;

  /**
   * Reads the values of `--allow` and `--deny`: networks, addresses, or `@FILE` with one on each
   * line; what follows a `#` is a comment.
   *
   * @throws {UsageError} naming what is no network
   */
  constructor({ allow, deny }: { allow: readonly string[]; deny: readonly string[] }) {
    this.#allow = allow.length > 0 ? setOf("allow", allow) : undefined;
    this.#deny = setOf("deny", deny);
  }

  /** Why a host may not connect; nothing where it may. */
  denies(hostname: string): string | undefined {
    const address = unmapped(hostname.replace(/%.*/, ""));
    if (this.#deny.has(address)) return "--deny holds it";
    if (this.#allow && !this.#allow.has(address)) return "--allow does not hold it";
    return undefined;
  }
}

function setOf(option: string, texts: readonly string[]): NetworkSet {
  try {
    return new NetworkSet(networksOf(texts));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`Option --${option}: ${error.message}`);
  }
}

// One by one, as a list of a million would cost more than reading it.
function* networksOf(texts: readonly string[]): Generator<Network> {
  for (const text of texts) {
    const [list, separator] = text.startsWith("@")
      ? [readTextFile(text.slice(1)), "\n"]
      : [text, ","];
    for (let from = 0; from <= list.length;) {
      const end = list.indexOf(separator, from);
      const to = end < 0 ? list.length : end;
      const entry = withoutComment(list.slice(from, to));
      if (entry !== "") yield readNetwork(entry);
      from = to + 1;
    }
  }
}

function withoutComment(line: string): string {
  const start = line.indexOf("#");
  return (start < 0 ? line : line.slice(0, start)).trim();
}

function readNetwork(text: string): Network {
  const network = parseNetwork(text);
  if (network) return network;
  throw new UsageError(
    `a network such as 10.0.0.0/8 or 2001:db8::/32, an address or @FILE is needed, not "${text}"`,
  );
}
