/** Addresses of peers, and how they are written. */
import { quote } from "../core/quotes.ts";
import { printableText } from "../terminal/sanitize.ts";

/** A port of a host. An empty `hostname` means every interface of this machine. */
export interface InetAddress {
  readonly transport: string;
  readonly hostname: string;
  readonly port: number;
}

/** A Unix socket. A path that begins with `@` is in Linux's abstract namespace. */
export interface UnixAddress {
  readonly transport: "unix";
  /** Empty for the client's end, which has no name. */
  readonly path: string;
}

/** Where a peer listens or is. */
export type Address = InetAddress | UnixAddress;

/** The local and the remote address of a connection. */
export interface ConnectionAddresses<A extends Address = Address> {
  readonly local: A;
  readonly remote: A;
}

/** Whether an address has a host and a port. */
export function isInet(address: Address): address is InetAddress {
  return "hostname" in address;
}

/** Whether an address is a TCP port. */
export function isTcp(address: Address): address is InetAddress {
  return address.transport === "tcp";
}

/** Whether a host is a literal IPv4 or IPv6 address, so that no name needs to be looked up. */
export function isLiteral(hostname: string): boolean {
  return hostname.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** What the addresses of a transport begin with: `tls://`, `unix:`. */
export function scheme(transport: string): string {
  return transport === "unix" ? "unix:" : `${transport}://`;
}

/** Writes an address as `transport://host:port`, IPv6 in brackets, or as `unix:path`. */
export function formatAddress(address: Address): string {
  if (!isInet(address)) return `unix:${writePath(address.path)}`;
  return `${address.transport}://${formatHostPort(address)}`;
}

/** The same for a line that a person reads: a path may have controls in it. */
export function showAddress(address: Address): string {
  return printableText(formatAddress(address));
}

/** Writes an address as `host:port`, IPv6 in brackets. */
export function formatHostPort({ hostname, port }: Omit<InetAddress, "transport">): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * The address of a socket: an IPv4 peer of a dual-stack socket, which the kernel
 * reports as `::ffff:192.0.2.1` (RFC 4291 section 2.5.5.2), is that IPv4 address.
 */
export function socketAddress(transport: string, address: Deno.NetAddr): InetAddress {
  const { hostname, port } = address;
  return { transport, hostname: unmapped(hostname), port };
}

/** The IPv4 address that an IPv4-mapped IPv6 address stands for; any other as it is. */
export function unmapped(hostname: string): string {
  return hostname.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
}

/**
 * A link-local address in the zone of another one (RFC 4007 section 11), as the runtime does not
 * tell zones; any other address as it is.
 */
export function inZoneOf(known: InetAddress, address: InetAddress): InetAddress {
  const [, zone] = known.hostname.split("%");
  const { hostname } = address;
  const linkLocal = /^fe[89ab][\da-f]:[^%]*$/i.test(hostname);
  return zone && linkLocal ? { ...address, hostname: `${hostname}%${zone}` } : address;
}

/** The addresses of a connection; their transport and zone are those of an end that is known. */
export function addressesOf(
  conn: Deno.TcpConn | Deno.TlsConn,
  known: InetAddress,
): ConnectionAddresses<InetAddress> {
  const end = (address: Deno.NetAddr) => inZoneOf(known, socketAddress(known.transport, address));
  return { local: end(conn.localAddr), remote: end(conn.remoteAddr) };
}

// Quoted if the path would be cut, or a part of it read as a service.
function writePath(path: string): string {
  return /^"|^\/\/|,[a-z][a-z0-9_-]*=|=[^/="]*$/.test(path) ? quote(path) : path || "(unnamed)";
}
