/** Endpoints that cannot be had together: by their names, their addresses, or a loop of forwarders. */
import { UsageError } from "../core/errors.ts";
import { type Address, formatAddress, type InetAddress, isInet } from "../net/address.ts";
import { isLoopback } from "../net/ip.ts";
import { defaultName, type EndpointSpec } from "./endpoint_spec.ts";

/**
 * Refuses endpoints with the same name, with addresses that cannot both be bound, or, where others
 * cannot come, all disabled.
 *
 * @throws {UsageError} naming both
 */
export function checkConflicts(
  specs: readonly EndpointSpec[],
  { mayBeNone = false }: { readonly mayBeNone?: boolean } = {},
): void {
  if (!mayBeNone && !specs.some(({ enabled }) => enabled)) {
    throw new UsageError("No endpoint is enabled");
  }
  checkNames(specs);
  const listening = specs.filter(({ enabled }) => enabled).map(({ address }) => address);
  for (const [index, address] of listening.entries()) {
    const other = listening.slice(0, index).find((other) => addressesClash(address, other));
    if (other) throw new UsageError(describeClash(other, address));
  }
}

/**
 * Whether two addresses cannot both be bound. Port 0 clashes with nothing.
 *
 * @example
 * ```ts
 * import { addressesClash } from "./conflicts.ts";
 * import { parseAddress } from "../net/parse_address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const clash = (one: string, other: string) =>
 *   addressesClash(parseAddress(one), parseAddress(other));
 * assertEquals(clash(":80", "0.0.0.0:80"), true);
 * assertEquals(clash("127.0.0.1:80", "tls://127.0.0.1:80"), true);
 * assertEquals(clash("127.0.0.1:80", "127.0.0.2:80"), false);
 * assertEquals(clash("127.0.0.1:80", "udp://127.0.0.1:80"), false);
 * ```
 */
export function addressesClash(one: Address, other: Address): boolean {
  if (!isInet(one) || !isInet(other)) return formatAddress(one) === formatAddress(other);
  if (one.port !== other.port || one.port === 0) return false;
  if ((one.transport === "udp") !== (other.transport === "udp")) return false;
  const [host, otherHost] = [hostOf(one), hostOf(other)];
  return host === otherHost || (isWildcard(host) && isWildcard(otherHost));
}

function hostOf({ hostname }: InetAddress): string {
  return hostname || "::";
}

function isWildcard(host: string): boolean {
  return host === "::" || host === "0.0.0.0";
}

function describeClash(first: Address, second: Address): string {
  const [one, other] = [first, second].map(formatAddress);
  if (one === other || !isInet(first) || !isInet(second)) {
    return `Address ${one} is given twice; leave one out`;
  }
  if (hostOf(first) === hostOf(second)) {
    return `${one} and ${other} are the same port; leave one out`;
  }
  // A socket on [::] serves IPv4 as well, and Deno cannot make it IPv6-only.
  const [wide, narrow] = hostOf(first) === "::" ? [one, other] : [other, one];
  return `${wide} serves IPv4 and IPv6, so that ${narrow} would be in use; leave ${narrow} out`;
}

/**
 * Refuses forwarders of which one reaches itself, by way of others or not: its first connection
 * would open others without end. A loop through another program cannot be seen.
 *
 * @throws {UsageError} naming the endpoint
 */
export function checkLoops(specs: readonly EndpointSpec[]): void {
  const next = new Map(specs.map((spec) => [spec, reachedFrom(spec, specs)]));
  for (const spec of specs) {
    const reached = new Set(next.get(spec));
    for (const each of reached) for (const further of next.get(each)!) reached.add(further);
    if (reached.has(spec)) {
      throw new UsageError(
        `Endpoint ${formatAddress(spec.address)} would forward to itself without end`,
      );
    }
  }
}

function reachedFrom(
  { service, values }: EndpointSpec,
  specs: readonly EndpointSpec[],
): EndpointSpec[] {
  const targets = service.targets?.(values) ?? [];
  return specs.filter(({ address }) => targets.some((target) => reaches(target, address)));
}

function reaches(target: Address, endpoint: Address): boolean {
  if (addressesClash(target, endpoint)) return true;
  if (!isInet(target) || !isInet(endpoint) || !isLoopback(target.hostname)) return false;
  const host = hostOf(endpoint);
  return (isWildcard(host) || isLoopback(host)) &&
    addressesClash({ ...target, hostname: host }, endpoint);
}

function checkNames(specs: readonly EndpointSpec[]): void {
  const names = specs.map(({ name, address }) => name ?? defaultName(address));
  const twice = names.find((name, index) =>
    specs[index]!.name !== undefined && names.indexOf(name) !== names.lastIndexOf(name)
  );
  if (twice !== undefined) throw new UsageError(`Two endpoints are named ${twice}`);
}
