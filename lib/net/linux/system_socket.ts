/** A socket of this process by its descriptor, for what the runtime has no call for. */
import { type ConnectionAddresses, type InetAddress, isInet, socketAddress } from "../address.ts";
import { bigEndian, ipBytes, ipText } from "../ip.ts";
import type { TcpInfo } from "../tcp_info.ts";
import { type LibC, libc, loadedLibc } from "./libc.ts";

const FIRST_DESCRIPTOR = 3; // behind the standard streams
const LIKELY_DESCRIPTORS = 4; // below the lowest that is free, where a new socket probably is
const MAX_GAP = 1024; // descriptors in a row that are no sockets end a search

// <sys/socket.h>, <netinet/in.h>, <netinet/tcp.h>, <errno.h>
const AF_INET = 2;
const AF_INET6 = 10;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ERROR = 4;
const SOCK_TYPES = { tcp: 1, udp: 2 };
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_INFO = 11;
const SHUT_RDWR = 2;
const ECONNREFUSED = 111;
const UNSPECIFIED_ADDRESS = new Uint8Array(16); // an address of the family AF_UNSPEC
const SOCKADDR_BYTES = 28; // sizeof(struct sockaddr_in6)
const TCP_INFO_BYTES = 104; // up to tcpi_total_retrans

/** Which socket is meant. */
export interface SocketKey {
  readonly type: "tcp" | "udp";
  readonly local: InetAddress;
  /** The other end, where the socket is connected: one remote may connect to two listeners. */
  readonly remote?: InetAddress;
}

/** A socket of this process. Where it cannot be found, its methods do nothing. */
export class SystemSocket {
  #key: SocketKey;
  #descriptor: number | undefined;
  #sought = false;

  /** @param conn what the runtime has of the socket, which may tell the descriptor */
  constructor(key: SocketKey, conn?: object) {
    this.#key = key;
    this.#descriptor = conn && descriptorOf(conn);
    if (this.#descriptor === undefined) this.#guess();
  }

  /** Shuts a connection down, whoever holds it. */
  shutdown(): void {
    this.#use((libc, descriptor) => libc.shutdown(descriptor, SHUT_RDWR));
  }

  /** Resets a connection: connect(2) to AF_UNSPEC makes the kernel send RST. */
  reset(): void {
    this.#use((libc, descriptor) =>
      libc.connect(descriptor, UNSPECIFIED_ADDRESS, UNSPECIFIED_ADDRESS.length)
    );
  }

  /** Disables Nagle's algorithm; sockets that a listener accepts inherit it (tcp(7)). */
  setNoDelay(): void {
    const [one] = int32(1);
    this.#use((libc, descriptor) => libc.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, one, 4));
  }

  /** Connects a UDP socket, which is told of ICMP errors from then on (udp(7)). */
  connect(to: InetAddress): boolean {
    const name = writeName(to);
    return this.#use((libc, descriptor) => {
      if (libc.connect(descriptor, name, name.length) !== 0) return false;
      const local = nameOf(libc, descriptor, "getsockname"); // of the interface to the remote
      if (local) this.#key = { ...this.#key, local };
      return true;
    }) ?? false;
  }

  /** The address that it is bound to; after {@linkcode connect}, the one that it sends from. */
  get local(): InetAddress {
    return this.#key.local;
  }

  /** Whether a datagram has met a port on which nobody listens. */
  wasRefused(): boolean {
    return this.#use((libc, descriptor) => option(libc, descriptor, SO_ERROR)) === ECONNREFUSED;
  }

  /** What the system knows of a TCP connection. */
  tcpInfo(): TcpInfo | undefined {
    return this.#use((libc, descriptor) => {
      const info = new DataView(new ArrayBuffer(TCP_INFO_BYTES));
      const [length] = int32(TCP_INFO_BYTES);
      const into = new Uint8Array(info.buffer);
      if (libc.getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, into, length) !== 0) return undefined;
      const field = (offset: number) => info.getUint32(offset, true);
      return {
        rttMs: field(68) / 1000,
        rttVarianceMs: field(72) / 1000,
        retransmits: field(100),
        congestionWindow: field(80),
        pathMtu: field(60),
      };
    });
  }

  #use<R>(work: (libc: LibC, descriptor: number) => R): R | undefined {
    const system = libc();
    if (!system) return undefined;
    if (this.#descriptor === undefined && !this.#sought) {
      this.#sought = true;
      this.#descriptor = find(system, this.#key);
    }
    const descriptor = this.#descriptor;
    // Once it is closed, the number may be another's.
    if (descriptor === undefined || !mayBeSocket(system, descriptor, this.#key)) return undefined;
    return work(system, descriptor);
  }

  // While it is new, it is probably the last descriptor, or the one that was free before.
  #guess(): void {
    const system = loadedLibc();
    if (!system) return;
    const before = lowestFree;
    lowestFree = findLowestFree(system);
    const below = Array.from({ length: LIKELY_DESCRIPTORS }, (_, index) => lowestFree - 1 - index);
    this.#descriptor = [before, ...below].find((each) => isSocket(system, each, this.#key));
  }
}

let lowestFree = FIRST_DESCRIPTOR; // when a socket was last looked for

function findLowestFree(libc: LibC): number {
  const descriptor = libc.eventfd(0, 0);
  if (descriptor < 0) return FIRST_DESCRIPTOR; // all are in use
  libc.close(descriptor);
  return descriptor;
}

// The runtime tells it of a TCP connection that it has accepted. Whoever uses it checks it.
function descriptorOf(conn: object): number | undefined {
  const symbol = Object.getOwnPropertySymbols(conn).find(({ description }) =>
    description === "Deno.internal.fd"
  );
  const descriptor = symbol && (conn as Record<symbol, unknown>)[symbol];
  return typeof descriptor === "number" ? descriptor : undefined;
}

function isSocket(libc: LibC, descriptor: number, { type, local, remote }: SocketKey): boolean {
  if (!sameName(nameOf(libc, descriptor, "getsockname"), local)) return false;
  if (remote) return sameName(nameOf(libc, descriptor, "getpeername"), remote);
  return option(libc, descriptor, SO_TYPE) === SOCK_TYPES[type];
}

// The same for a socket that was found before: one that has ended at both ends has no remote.
function mayBeSocket(libc: LibC, descriptor: number, { local, remote }: SocketKey): boolean {
  if (!sameName(nameOf(libc, descriptor, "getsockname"), local)) return false;
  const peer = remote && nameOf(libc, descriptor, "getpeername");
  return peer === undefined || sameName(peer, remote!);
}

function find(libc: LibC, key: SocketKey): number | undefined {
  const { port } = key.local;
  for (
    let descriptor = FIRST_DESCRIPTOR, last = descriptor;
    descriptor < last + MAX_GAP;
    descriptor++
  ) {
    if (!readName(libc, descriptor, "getsockname")) continue;
    last = descriptor;
    if (portOf(NAME) === port && isSocket(libc, descriptor, key)) return descriptor;
  }
  return undefined;
}

function sameName(one: InetAddress | undefined, other: InetAddress): boolean {
  return one?.port === other.port && withoutZone(one.hostname) === withoutZone(other.hostname);
}

function withoutZone(hostname: string): string {
  return hostname.replace(/%.*/, "");
}

function option(libc: LibC, descriptor: number, name: number): number {
  const [bytes, value] = int32(0);
  libc.getsockopt(descriptor, SOL_SOCKET, name, bytes, int32(4)[0]);
  return value[0]!;
}

function int32(value: number): [bytes: Uint8Array<ArrayBuffer>, value: Int32Array<ArrayBuffer>] {
  const view = new Int32Array([value]);
  return [new Uint8Array(view.buffer), view];
}

type End = "getsockname" | "getpeername";

const NAME = new Uint8Array(SOCKADDR_BYTES);
const [NAME_LENGTH, nameLength] = int32(0);

// Reads a name into NAME. Descriptors of another kind have none.
function readName(libc: LibC, descriptor: number, end: End): boolean {
  nameLength[0] = NAME.length;
  return libc[end](descriptor, NAME, NAME_LENGTH) === 0 &&
    (NAME[0] === AF_INET || NAME[0] === AF_INET6);
}

function nameOf(libc: LibC, descriptor: number, end: End): InetAddress | undefined {
  if (!readName(libc, descriptor, end)) return undefined;
  const hostname = ipText(NAME[0] === AF_INET ? NAME.subarray(4, 8) : NAME.subarray(8, 24));
  return socketAddress("udp", { transport: "udp", hostname, port: portOf(NAME) });
}

function portOf(name: Uint8Array): number {
  return name[2]! << 8 | name[3]!;
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

/** The socket of a TCP connection; undefined where its ends are no addresses of hosts. */
export function tcpSocket(
  { local, remote }: ConnectionAddresses,
  conn?: object,
): SystemSocket | undefined {
  if (!isInet(local) || !isInet(remote)) return undefined;
  return new SystemSocket({ type: "tcp", local, remote }, conn);
}
