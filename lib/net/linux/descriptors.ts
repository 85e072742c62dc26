/** Which descriptor a socket of this process has. */
import type { InetAddress } from "../address.ts";
import type { LibC } from "./libc.ts";
import { nameOf, option, portOf } from "./names.ts";

const FIRST_DESCRIPTOR = 3; // behind the standard streams
const LIKELY_DESCRIPTORS = 4; // below the lowest that is free, where a new socket probably is
const MAX_GAP = 1024; // descriptors in a row that are no sockets end a search

// <sys/socket.h>
const SO_TYPE = 3;
const SOCK_TYPES = { tcp: 1, udp: 2 };

/** Which socket is meant. */
export interface SocketKey {
  readonly type: "tcp" | "udp";
  readonly local: InetAddress;
  /** The other end, where the socket is connected: one remote may connect to two listeners. */
  readonly remote?: InetAddress;
}

/** What the runtime tells of a TCP connection that it has accepted. Whoever uses it checks it. */
export function descriptorOf(conn: object): number | undefined {
  const symbol = Object.getOwnPropertySymbols(conn).find(({ description }) =>
    description === "Deno.internal.fd"
  );
  const descriptor = symbol && (conn as Record<symbol, unknown>)[symbol];
  return typeof descriptor === "number" ? descriptor : undefined;
}

let lowestFree = FIRST_DESCRIPTOR; // when a socket was last looked for

/** A new socket probably has the last descriptor, or the one that was free before. */
export function guess(libc: LibC, key: SocketKey): number | undefined {
  const before = lowestFree;
  lowestFree = findLowestFree(libc);
  const below = Array.from({ length: LIKELY_DESCRIPTORS }, (_, index) => lowestFree - 1 - index);
  return [before, ...below].find((each) => isSocket(libc, each, key));
}

function findLowestFree(libc: LibC): number {
  const descriptor = libc.eventfd(0, 0);
  if (descriptor < 0) return FIRST_DESCRIPTOR; // all are in use
  libc.close(descriptor);
  return descriptor;
}

let byPort = new Map<number, number[]>(); // as of the last search

/**
 * Looks for a socket through all descriptors. Where many connections are looked for, one search is
 * enough for all that were there. Not for a listener, whose address those that it accepted have too.
 */
export function find(libc: LibC, key: SocketKey): number | undefined {
  const look = () => byPort.get(key.local.port)?.find((each) => isSocket(libc, each, key));
  const found = key.remote && look();
  if (found !== undefined) return found;
  byPort = search(libc);
  return look();
}

function search(libc: LibC): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let each = FIRST_DESCRIPTOR, last = each; each < last + MAX_GAP; each++) {
    const port = portOf(libc, each);
    if (port === undefined) continue;
    last = each;
    const others = found.get(port);
    if (others) others.push(each);
    else found.set(port, [each]);
  }
  return found;
}

/** Whether a descriptor is this socket. One that may have ended need not have a remote any more. */
export function isSocket(
  libc: LibC,
  descriptor: number,
  { type, local, remote }: SocketKey,
  { mayHaveEnded = false } = {},
): boolean {
  if (!sameName(nameOf(libc, descriptor, "getsockname"), local)) return false;
  if (!remote) return option(libc, descriptor, { name: SO_TYPE }) === SOCK_TYPES[type];
  const peer = nameOf(libc, descriptor, "getpeername");
  return peer ? sameName(peer, remote) : mayHaveEnded;
}

function sameName(one: InetAddress | undefined, other: InetAddress): boolean {
  return one?.port === other.port && withoutZone(one.hostname) === withoutZone(other.hostname);
}

function withoutZone(hostname: string): string {
  return hostname.replace(/%.*/, "");
}
