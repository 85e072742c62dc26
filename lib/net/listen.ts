/** Binding a host and a port, for every transport that has ports. */
import { type Address, formatAddress, type InetAddress, isInet } from "./address.ts";
import { NetworkError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";

/**
 * The backlog: connections that may wait to be accepted. With the default of 511 a burst waits for
 * SYN retries of a second and more; the kernel clamps this to net.core.somaxconn.
 */
export const ACCEPT_BACKLOG = 4096;

/** Host and port as `Deno.listen` takes them. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Binds an address by `listen`; without a host name, on every interface.
 *
 * @throws {NetworkError} saying why not, and what to try
 */
export function bind<L>(
  { transport, hostname, port }: InetAddress,
  listen: (at: HostPort) => L,
): L {
  try {
    return hostname ? listen({ hostname, port }) : bindEverywhere(port, listen);
  } catch (error) {
    throw cannotListen({ transport, hostname, port }, error);
  }
}

/** Binds a TCP address. */
export function bindTcp(address: InetAddress): Deno.TcpListener {
  return bind(address, (at) => Deno.listen({ ...at, tcpBacklog: ACCEPT_BACKLOG }));
}

/** The error for an address that cannot be bound. */
export function cannotListen(address: Address, error: unknown): NetworkError {
  return new NetworkError(
    `Cannot listen on ${formatAddress(address)}: ${explain(error)}${remedy(address, error)}`,
    { cause: error },
  );
}

// One IPv6 socket serves both families; a kernel without IPv6 has no such address.
function bindEverywhere<L>(port: number, listen: (at: HostPort) => L): L {
  try {
    return listen({ hostname: "::", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return listen({ hostname: "0.0.0.0", port });
  }
}

function remedy(address: Address, error: unknown): string {
  if (!isInet(address)) {
    const inUse = error instanceof Deno.errors.AddrInUse;
    return inUse ? "; another program listens there, or the file is no socket" : "";
  }
  if (error instanceof Deno.errors.AddrInUse) {
    return "; stop the program that uses it, or take another port (0 takes any free one)";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return " (ports below 1024 need root); try a port above 1023";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "; try 127.0.0.1, [::1] or no host";
  return "";
}
