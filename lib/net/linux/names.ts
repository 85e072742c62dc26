/** Names and options of sockets, by their descriptors. */
import { type InetAddress, socketAddress } from "../address.ts";
import { bigEndian, ipBytes, ipText } from "../ip.ts";
import type { LibC } from "./libc.ts";

// <sys/socket.h>, <netinet/in.h>
const AF_INET = 2;
const AF_INET6 = 10;
/** The level of options of any socket. */
export const SOL_SOCKET = 1;
const SOCKADDR_BYTES = 28; // sizeof(struct sockaddr_in6)

type End = "getsockname" | "getpeername";

const NAME = new Uint8Array(SOCKADDR_BYTES);
const [NAME_LENGTH, nameLength] = int32(0);

// Reads a name into NAME. Descriptors of another kind have none.
function readName(libc: LibC, descriptor: number, end: End): boolean {
  nameLength[0] = NAME.length;
  return libc[end](descriptor, NAME, NAME_LENGTH) === 0 &&
    (NAME[0] === AF_INET || NAME[0] === AF_INET6);
}

/** The name of an end; undefined where the descriptor has none that is an address of hosts. */
export function nameOf(libc: LibC, descriptor: number, end: End): InetAddress | undefined {
  if (!readName(libc, descriptor, end)) return undefined;
  const hostname = ipText(NAME[0] === AF_INET ? NAME.subarray(4, 8) : NAME.subarray(8, 24));
  return socketAddress("udp", { transport: "udp", hostname, port: readPort() });
}

/** The port that a descriptor is bound to; undefined likewise. */
export function portOf(libc: LibC, descriptor: number): number | undefined {
  return readName(libc, descriptor, "getsockname") ? readPort() : undefined;
}

function readPort(): number {
  return NAME[2]! << 8 | NAME[3]!;
}

/**
 * The bytes of a name, a struct sockaddr (ip(7), ipv6(7)): family, port, and for IPv6 flow
 * information before the address and scope after it.
 */
export function writeName({ hostname, port }: InetAddress): Uint8Array<ArrayBuffer> {
  const address = ipBytes(hostname);
  const parts = address.length === 4
    ? [AF_INET, 0, ...bigEndian(port), ...address, ...Array<number>(8).fill(0)]
    : [AF_INET6, 0, ...bigEndian(port), 0, 0, 0, 0, ...address, 0, 0, 0, 0];
  return new Uint8Array(parts);
}

/** An option, or its first four bytes. */
export function option(
  libc: LibC,
  descriptor: number,
  { level = SOL_SOCKET, name }: { readonly level?: number; readonly name: number },
): number {
  const [bytes, value] = int32(0);
  libc.getsockopt(descriptor, level, name, bytes, int32(4)[0]);
  return value[0]!;
}

/** A number as the C library takes it by reference. */
export function int32(
  value: number,
): [bytes: Uint8Array<ArrayBuffer>, value: Int32Array<ArrayBuffer>] {
  const view = new Int32Array([value]);
  return [new Uint8Array(view.buffer), view];
}
