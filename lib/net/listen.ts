/** Binding a host and a port, for every transport that has ports. */
import { type Address, formatAddress, type InetAddress, isInet } from "./address.ts";
import { acceptingFromAll, type SystemListener } from "./both_families.ts";
import { NetworkError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";

/**
 * The backlog: connections that may wait to be accepted. With the default of 511 a burst waits for
 * SYN retries of a second and more; the kernel clamps this to net.core.somaxconn.
 */
export const ACCEPT_BACKLOG = 4096;

const MAX_TRIES = 10; // to find a port that is free for both families

/** Host and port as `Deno.listen` takes them. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/** What is bound: a listener, or a socket for datagrams. */
export interface Bound {
  readonly addr: Deno.Addr;
  close(): void;
}

/**
 * Binds an address by `listen`; without a host name, on every interface, by one socket for each
 * family where the system needs two.
 *
 * @throws {NetworkError} saying why not, and what to try
 */
export function bind<L extends Bound>(
  { transport, hostname, port }: InetAddress,
  listen: (at: HostPort) => L,
): L[] {
  try {
    const everywhere = hostname === "" || hostname === "::";
    return everywhere ? bindEverywhere(port, listen) : [listen({ hostname, port })];
  } catch (error) {
    throw cannotListen({ transport, hostname, port }, error);
  }
}

/** Binds a TCP address. */
export function bindTcp(address: InetAddress): SystemListener<Deno.TcpConn> {
  return acceptingFromAll(
    bind(address, (at) => Deno.listen({ ...at, tcpBacklog: ACCEPT_BACKLOG })),
  );
}

/** The error for an address that cannot be bound. */
export function cannotListen(address: Address, error: unknown): NetworkError {
  return new NetworkError(
    `Cannot listen on ${formatAddress(address)}: ${explain(error)}${remedy(address, error)}`,
    { cause: error },
  );
}

type Listen<L extends Bound> = (at: HostPort) => L;

// Usually one IPv6 socket serves both families. Not on Windows, nor where net.ipv6.bindv6only is set
// (ipv6(7)); a kernel without IPv6 has no such address.
function bindEverywhere<L extends Bound>(port: number, listen: Listen<L>): L[] {
  for (let tries = 1;; tries++) {
    const sixth = bindIPv6(port, listen);
    if (!sixth) return [listen({ hostname: "0.0.0.0", port })];
    try {
      return [sixth, listen({ hostname: "0.0.0.0", port: portOf(sixth) })];
    } catch (error) {
      if (!isInUse(error) || takesIPv4(listen)) return [sixth];
      sixth.close();
      if (port !== 0 || tries === MAX_TRIES) throw error; // it is another program's
    }
  }
}

function bindIPv6<L extends Bound>(port: number, listen: Listen<L>): L | undefined {
  try {
    return listen({ hostname: "::", port });
  } catch (error) {
    if (isInUse(error)) throw error;
    return undefined;
  }
}

// Whether IPv6 sockets take IPv4 as well: if so, one holds its port for both.
function takesIPv4<L extends Bound>(listen: Listen<L>): boolean {
  const probe = listen({ hostname: "::", port: 0 });
  try {
    listen({ hostname: "0.0.0.0", port: portOf(probe) }).close();
    return false;
  } catch (error) {
    return isInUse(error);
  } finally {
    probe.close();
  }
}

function portOf({ addr }: Bound): number {
  return (addr as Deno.NetAddr).port;
}

function isInUse(error: unknown): boolean {
  return error instanceof Deno.errors.AddrInUse;
}

function remedy(address: Address, error: unknown): string {
  if (!isInet(address)) {
    const inUse = isInUse(error);
    return inUse ? "; another program listens there, or the file is no socket" : "";
  }
  if (isInUse(error)) {
    return "; stop the program that uses it, or take another port (0 takes any free one)";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return Deno.build.os === "windows"
      ? "; another program has reserved it, try another port"
      : " (ports below 1024 need root); try a port above 1023";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "; try 127.0.0.1, [::1] or no host";
  return "";
}
