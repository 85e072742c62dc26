/** A socket of this process by its descriptor, for what the runtime has no call for. */
import { type ConnectionAddresses, type InetAddress, isInet } from "../address.ts";
import type { TcpInfo } from "../tcp_info.ts";
import { descriptorOf, find, guess, isSocket, type SocketKey } from "./descriptors.ts";
import { type LibC, libc, loadedLibc } from "./libc.ts";
import { int32, nameOf, option, SOL_SOCKET, writeName } from "./names.ts";

// <sys/socket.h>, <netinet/in.h>, <netinet/tcp.h>, <errno.h>
const SO_ERROR = 4;
const SO_RCVLOWAT = 18;
const MSG_PEEK = 0x02;
const MSG_DONTWAIT = 0x40;
const IPPROTO_IP = 0;
const IP_RECVERR = 11;
const IPPROTO_IPV6 = 41;
const IPV6_RECVERR = 25;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_INFO = 11;
const SHUT_RDWR = 2;
const ECONNREFUSED = 111;
const UNSPECIFIED_ADDRESS = new Uint8Array(16); // an address of the family AF_UNSPEC
const TCP_ESTABLISHED = 1; // <netinet/tcp.h>; the first byte of TCP_INFO
const TCP_INFO_BYTES = 104; // up to tcpi_total_retrans

/** A socket of this process. Where it cannot be found, its methods do nothing. */
export class SystemSocket {
  readonly #key: SocketKey;
  #descriptor: number | undefined;
  #sought = false;

  /** @param conn what the runtime has of the socket, which may tell the descriptor */
  constructor(key: SocketKey, conn?: object) {
    this.#key = key;
    const system = loadedLibc();
    this.#descriptor = (conn && descriptorOf(conn)) ?? (system && guess(system, key));
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
    this.#set(IPPROTO_TCP, TCP_NODELAY, 1);
  }

  /**
   * Lets a read find nothing until so many bytes have come; sockets that a listener accepts inherit
   * it (socket(7)).
   */
  setLowWater(bytes: number): void {
    this.#set(SOL_SOCKET, SO_RCVLOWAT, bytes);
  }

  /** Copies what has come and is not read yet. Returns its length. */
  peek(into: Uint8Array<ArrayBuffer>): number {
    const flags = MSG_PEEK | MSG_DONTWAIT;
    const length = this.#use((libc, descriptor) =>
      Number(libc.recv(descriptor, into, BigInt(into.length), flags))
    );
    return Math.max(length ?? 0, 0);
  }

  /** Whether the peer has sent FIN, or the connection is over. */
  hasEnded(): boolean {
    const state = this.#use((libc, descriptor) =>
      option(libc, descriptor, { level: IPPROTO_TCP, name: TCP_INFO })
    );
    return state === undefined || (state & 0xff) !== TCP_ESTABLISHED;
  }

  /** Connects a UDP socket. Returns the address that it sends from then. */
  connect(to: InetAddress): InetAddress | undefined {
    const name = writeName(to);
    return this.#use((libc, descriptor) =>
      libc.connect(descriptor, name, name.length) === 0
        ? nameOf(libc, descriptor, "getsockname")
        : undefined
    );
  }

  /** Has a UDP socket that is not connected learn of ICMP errors (IP_RECVERR of ip(7), ipv6(7)). */
  reportUnreachable(): boolean {
    const [level, name] = this.#key.local.hostname.includes(":")
      ? [IPPROTO_IPV6, IPV6_RECVERR]
      : [IPPROTO_IP, IP_RECVERR];
    return this.#set(level, name, 1);
  }

  /** Whether a datagram has met a port on which nobody listens. */
  wasRefused(): boolean {
    return this.#use((libc, descriptor) => option(libc, descriptor, { name: SO_ERROR })) ===
      ECONNREFUSED;
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
        segmentBytes: field(16),
        pathMtu: field(60),
      };
    });
  }

  // Returns whether it was set.
  #set(level: number, name: number, value: number): boolean {
    const [bytes] = int32(value);
    return this.#use((libc, descriptor) => libc.setsockopt(descriptor, level, name, bytes, 4)) ===
      0;
  }

  #use<R>(work: (libc: LibC, descriptor: number) => R): R | undefined {
    const system = libc();
    if (!system) return undefined;
    if (this.#descriptor === undefined && !this.#sought) {
      this.#sought = true;
      this.#descriptor = find(system, this.#key);
    }
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return undefined;
    // Once it is closed, the number may be another's; one that has ended at both ends has no remote.
    return isSocket(system, descriptor, this.#key, { mayHaveEnded: true })
      ? work(system, descriptor)
      : undefined;
  }
}

/** The socket of a TCP connection; undefined where its ends are no addresses of hosts. */
export function tcpSocket(
  { local, remote }: ConnectionAddresses,
  conn?: object,
): SystemSocket | undefined {
  if (!isInet(local) || !isInet(remote)) return undefined;
  return new SystemSocket({ type: "tcp", local, remote }, conn);
}
