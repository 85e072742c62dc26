/**
 * Reading addresses as the command line writes them: `[tcp://]HOST:PORT`, `:PORT`, `PORT`,
 * `[V6]:PORT`, `unix:PATH`, `unix:"PATH"`.
 */
import { UsageError } from "../core/errors.ts";
import { unquote } from "../core/quotes.ts";
import { type Address, formatAddress, isInet } from "./address.ts";

const HOST_ALONE = /^([a-z\d][\w.-]*|\[[\da-f:.]+(%[\w.-]+)?\])$/i;
const FORM = "HOST:PORT, [V6]:PORT, :PORT, PORT or unix:PATH";

/** How an address is read. */
export interface ParseAddressOptions {
  /** The port where none is named; without it, one is needed. */
  readonly defaultPort?: number | undefined;
}

/**
 * Reads one ADDRESS argument. `hostname` is empty where the text names none.
 *
 * @throws {UsageError} saying what is wrong with the text
 * @example
 * ```ts
 * import { parseAddress } from "./parse_address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddress("[::1]:8080"), { transport: "tcp", hostname: "::1", port: 8080 });
 * assertEquals(parseAddress(":0"), { transport: "tcp", hostname: "", port: 0 });
 * ```
 */
export function parseAddress(text: string, { defaultPort }: ParseAddressOptions = {}): Address {
  const path = /^unix:(?:\/\/)?(.*)$/is.exec(text)?.[1];
  if (path !== undefined) return { transport: "unix", path: parsePath(path, text) };
  const [, scheme, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text)!;
  const transport = scheme?.toLowerCase() ?? "tcp";
  if (/^https?$/.test(transport)) throw new UsageError(notHttp(text, rest!));
  if (/^(?:open)?ssl$/.test(transport)) {
    throw new UsageError(`Address "${text}": write tls://${rest}`);
  }
  if (/^\d+$/.test(rest!)) return { transport, hostname: "", port: parsePort(rest!, text) };

  const whole = defaultPort !== undefined && HOST_ALONE.test(rest!)
    ? `${rest}:${defaultPort}`
    : rest!;
  rejectForeign(text);
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/s.exec(whole) ?? [];
  if (port === undefined) throw new UsageError(misshapen(text, rest!));
  return { transport, hostname: parseHost({ v6, name }, text), port: parsePort(port, text) };
}

/** Reads the two arguments HOST and PORT; the host may be a bare IPv6 address. */
export function parseHostPort(host: string, port: string): Address {
  if (isIpv6(host)) return parseAddress(`[${host}]:${port}`);
  if (host.includes(":") && !host.startsWith("[")) {
    throw new UsageError(`Host "${host}" has a port or a transport already; leave out "${port}"`);
  }
  return parseAddress(`${host}:${port}`);
}

/**
 * An address to connect to: localhost if it names no host.
 *
 * @throws {UsageError} for port 0
 */
export function toConnect(address: Address): Address {
  if (!isInet(address)) return address;
  const peer = { ...address, hostname: address.hostname || "localhost" };
  if (peer.port !== 0) return peer;
  throw new UsageError(`Cannot connect to port 0 (${formatAddress(peer)})`);
}

function parsePath(written: string, text: string): string {
  const path = unquote(written);
  if (path !== "" && path !== "@" && !path.includes("\0")) return path;
  throw new UsageError(`Address "${text}" needs a path, as in unix:/tmp/echo.sock`);
}

function parseHost(
  { v6, name }: { v6: string | undefined; name: string | undefined },
  text: string,
): string {
  if (v6 !== undefined) {
    if (isIpv6(v6)) return v6;
    throw new UsageError(`Address "${text}" has no IPv6 address between its brackets`);
  }
  if (/[^\w.-]/.test(name!)) {
    throw new UsageError(`Address "${text}" has no valid host name before its port`);
  }
  return name!;
}

// What the runtime calls IPv6, as RFC 4291 section 2.2 writes it, and a zone.
function isIpv6(text: string): boolean {
  const [, address] = /^([\da-f:.]+)(?:%[\w.-]+)?$/i.exec(text) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}

function parsePort(digits: string, text: string): number {
  const port = Number(digits);
  if (/^\d+$/.test(digits) && port <= 65535) return port;
  throw new UsageError(`Address "${text}" needs a port between 0 and 65535, not "${digits}"`);
}

// Addresses as socat writes them, and their scheme here.
const SOCAT_ADDRESS =
  /^(tcp|udp|openssl|ssl|tls|unix)[46]?(?:-listen|-l|-connect|-client)?:(?!\/\/)(.*)$/is;
const SCHEMES = new Map([["udp", "udp://"], ["unix", "unix:"], ["tcp", ""]]);

function rejectForeign(text: string): void {
  const [, kind, rest] = SOCAT_ADDRESS.exec(text.replace(/,.*/s, "")) ?? [];
  if (rest === undefined) return;
  const isUnix = /^unix$/i.test(kind!);
  const isPort = /^\d+$/.test(rest);
  // A host may be named tcp or tls-client; none has options behind its port, or is written so.
  if (isPort && !/,|^[A-Z46]+-/.test(text)) return;
  if (!isUnix && !isPort && !/:\d+$/.test(rest)) return;
  const local = isPort && !isUnix ? ":" : "";
  throw new UsageError(
    `Address "${text}": write ${SCHEMES.get(kind!.toLowerCase()) ?? "tls://"}${local}${rest}`,
  );
}

function misshapen(text: string, rest: string): string {
  if (rest === "") return `An address is needed (${FORM}), not "${text}"`;
  if (HOST_ALONE.test(rest)) {
    return `Address "${text}" has no port; try ${text}:8080`;
  }
  if (/^[\da-f:.]+$/i.test(rest)) {
    return `Address "${text}" is ambiguous: write IPv6 in brackets, as in [::1]:8080`;
  }
  return `Address "${text}" is not of the form ${FORM}`;
}

function notHttp(text: string, rest: string): string {
  const host = rest.replace(/[/?#].*$/s, "");
  const secure = /^https/i.test(text);
  const port = /:\d+$/.test(host) ? "" : secure ? ":443" : ":80";
  return `HTTP is not spoken here; for the connection below it try ${
    secure ? "tls://" : ""
  }${host}${port}`;
}
