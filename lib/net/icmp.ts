/**
 * ICMP "port unreachable", which the kernel reports to a connected UDP socket alone (RFC 1122
 * section 4.1.3.3). The runtime never connects one, so this does, by the system's own functions.
 */
import { type InetAddress, socketAddress } from "../address.ts";
import { bigEndian, ipBytes, ipText } from "../ip.ts";

const LIBRARY = "libc.so.6"; // Linux; elsewhere an unreachable port is a silent one
const MOST_DESCRIPTORS = 256;
const AF_INET = 2;
const AF_INET6 = 10;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const ECONNREFUSED = 111;

const FUNCTIONS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
} as const;

/** A UDP socket that learns of ICMP errors. */
export interface Icmp {
  /** The address that the kernel sends from. */
  readonly local: InetAddress;
  /** Whether a datagram has met a port on which nobody listens. */
  readonly refused: () => boolean;
  /** Lets go of the system's functions. */
  readonly close: () => void;
}

/** Connects the UDP socket that is bound to `local`; nothing where that is impossible. */
export function openIcmp(local: InetAddress, to: InetAddress): Icmp | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const library = Deno.dlopen(LIBRARY, FUNCTIONS);
    const descriptor = connect(library.symbols, { local, to });
    if (descriptor !== undefined) return watch(library, { descriptor, local });
    library.close();
  } catch {
    // no permission, or another C library
  }
  return undefined;
}

type Library = Deno.DynamicLibrary<typeof FUNCTIONS>;

function connect(
  symbols: Library["symbols"],
  { local, to }: { local: InetAddress; to: InetAddress },
): number | undefined {
  const peer = writeName(to);
  for (let descriptor = 3; descriptor < MOST_DESCRIPTORS; descriptor++) {
    if (nameOf(symbols, descriptor)?.port !== local.port) continue;
    return symbols.connect(descriptor, peer, peer.length) === 0 ? descriptor : undefined;
  }
  return undefined;
}

function watch(
  library: Library,
  { descriptor, local }: { descriptor: number; local: InetAddress },
): Icmp {
  const { symbols } = library;
  const error = new Uint32Array(1);
  const refused = () => {
    const into = new Uint8Array(error.buffer);
    symbols.getsockopt(descriptor, SOL_SOCKET, SO_ERROR, into, lengthOf(into));
    return error[0] === ECONNREFUSED;
  };
  return { local: nameOf(symbols, descriptor) ?? local, refused, close: () => library.close() };
}

function nameOf(symbols: Library["symbols"], descriptor: number): InetAddress | undefined {
  const name = new Uint8Array(28);
  const failed = symbols.getsockname(descriptor, name, lengthOf(name)) !== 0;
  return failed ? undefined : readName(name);
}

function lengthOf({ length }: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([length]).buffer);
}

// As the system writes them (ip(7), ipv6(7)): family, port, and for IPv6 flow information before
// the address and scope after it.
function writeName({ hostname, port }: InetAddress): Uint8Array<ArrayBuffer> {
  const address = ipBytes(hostname);
  const parts = address.length === 4
    ? [AF_INET, 0, ...bigEndian(port), ...address, ...Array<number>(8).fill(0)]
    : [AF_INET6, 0, ...bigEndian(port), 0, 0, 0, 0, ...address, 0, 0, 0, 0];
  return new Uint8Array(parts);
}

function readName(name: Uint8Array): InetAddress | undefined {
  const [family] = name;
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const hostname = ipText(family === AF_INET ? name.subarray(4, 8) : name.subarray(8, 24));
  return socketAddress("udp", { transport: "udp", hostname, port: name[2]! << 8 | name[3]! });
}
