/**
 * Sockets by their descriptors, through FFI, for what the
 * runtime has no call for. Linux only.
 */
import {
  type ConnectionAddresses,
  formatHostPort,
  type InetAddress,
  socketAddress,
} from "../address.ts";
import { bigEndian, ipBytes, ipText } from "../ip.ts";

const LIBRARY = "libc.so.6";
const MAX_GAP = 1024; // descriptors in a row that are no sockets end the search
// <sys/socket.h>, <netinet/in.h>, <netinet/tcp.h>, <errno.h>
const AF_INET = 2;
const AF_INET6 = 10;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ERROR = 4;
const SOCK_TYPES = { tcp: 1, udp: 2 };
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SHUT_RDWR = 2;
const ECONNREFUSED = 111;

const UNSPECIFIED_ADDRESS = new Uint8Array(16); // an address of the family AF_UNSPEC

const FUNCTIONS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
} as const;

type End = "getsockname" | "getpeername";

/** The sockets of this process. */
export class SystemSockets implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof FUNCTIONS>;
  readonly #name = new Uint8Array(28); // sizeof(struct sockaddr_in6)
  readonly #length = new Uint32Array(1);
  readonly #number = new Uint32Array(1);
  #connected = new Map<string, number>(); // by both ends

  private constructor(library: Deno.DynamicLibrary<typeof FUNCTIONS>) {
    this.#library = library;
  }

  /** Undefined where FFI is not permitted or there is no such library. */
  static open(): SystemSockets | undefined {
    if (Deno.build.os !== "linux") return undefined;
    try {
      return new SystemSockets(Deno.dlopen(LIBRARY, FUNCTIONS));
    } catch {
      return undefined; // no permission, or no glibc
    }
  }

  /** The socket that is bound to an address. */
  bound(type: keyof typeof SOCK_TYPES, address: InetAddress): number | undefined {
    const key = formatHostPort(address);
    for (const [descriptor, name] of this.#all()) {
      if (formatHostPort(name) !== key) continue;
      if (this.#option(descriptor, SO_TYPE) === SOCK_TYPES[type]) return descriptor;
    }
    return undefined;
  }

  /**
   * Shuts a connection down, whoever holds it. Both addresses are needed: one remote may connect
   * from one port to two listeners.
   */
  shutdown(ends: ConnectionAddresses<InetAddress>): void {
    const descriptor = this.#between(keyOf(ends));
    if (descriptor !== undefined) this.#library.symbols.shutdown(descriptor, SHUT_RDWR);
  }

  /** Resets a connection: connect(2) to AF_UNSPEC makes the kernel send RST. */
  reset(ends: ConnectionAddresses<InetAddress>): void {
    const descriptor = this.#between(keyOf(ends));
    if (descriptor !== undefined) {
      this.#library.symbols.connect(descriptor, UNSPECIFIED_ADDRESS, UNSPECIFIED_ADDRESS.length);
    }
  }

  // Looks up all sockets at once, as there may be many to reset.
  #between(key: string): number | undefined {
    const known = this.#connected.get(key);
    if (known !== undefined && this.#keyOf(known) === key) return known;
    this.#connected = new Map();
    for (const [descriptor] of this.#all()) {
      const found = this.#keyOf(descriptor);
      if (found) this.#connected.set(found, descriptor);
    }
    return this.#connected.get(key);
  }

  #keyOf(descriptor: number): string | undefined {
    const [local, remote] = [this.nameOf(descriptor), this.#read("getpeername", descriptor)];
    return local && remote && keyOf({ local, remote });
  }

  /** The address that a socket is bound to. */
  nameOf(descriptor: number): InetAddress | undefined {
    return this.#read("getsockname", descriptor);
  }

  // Sockets by their local address, which a disconnected socket also has.
  *#all(): Generator<[descriptor: number, name: InetAddress]> {
    for (let descriptor = 3, last = 3; descriptor < last + MAX_GAP; descriptor++) {
      const name = this.nameOf(descriptor);
      if (!name) continue;
      yield [descriptor, name];
      last = descriptor;
    }
  }

  #read(end: End, descriptor: number): InetAddress | undefined {
    this.#length[0] = this.#name.length;
    const { symbols } = this.#library;
    const failed = symbols[end](descriptor, this.#name, bytesOf(this.#length)) !== 0;
    return failed ? undefined : readName(this.#name);
  }

  /** Disables Nagle's algorithm; sockets that a listener accepts inherit it (tcp(7)). */
  setNoDelay(descriptor: number): void {
    this.#number[0] = 1;
    const value = bytesOf(this.#number);
    this.#library.symbols.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, value, value.length);
  }

  /** Connects a UDP socket, which is told of ICMP errors from then on (udp(7)). */
  connect(descriptor: number, to: InetAddress): boolean {
    const name = writeName(to);
    return this.#library.symbols.connect(descriptor, name, name.length) === 0;
  }

  /** Whether a datagram has met a port on which nobody listens. */
  wasRefused(descriptor: number): boolean {
    return this.#option(descriptor, SO_ERROR) === ECONNREFUSED;
  }

  #option(descriptor: number, name: number): number {
    this.#number[0] = 0;
    this.#length[0] = this.#number.byteLength;
    const [value, length] = [bytesOf(this.#number), bytesOf(this.#length)];
    this.#library.symbols.getsockopt(descriptor, SOL_SOCKET, name, value, length);
    return this.#number[0];
  }

  /** Unloads the library. */
  [Symbol.dispose](): void {
    this.#library.close();
  }
}

function keyOf({ local, remote }: ConnectionAddresses<InetAddress>): string {
  return `${formatHostPort(local)} ${formatHostPort(remote)}`;
}

function bytesOf({ buffer }: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}

// struct sockaddr (ip(7), ipv6(7)): family, port, and for IPv6 flow information before
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
