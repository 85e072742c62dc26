/** Binding and connecting by host and port, for every transport that has ports. */
import type { Socket } from "./socket_duplex.ts";
import {
  type Address,
  type ConnectionAddresses,
  formatAddress,
  formatHostPort,
  type InetAddress,
  isInet,
} from "./address.ts";
import { explain, FinalError, NetworkError } from "../core/errors.ts";
import { formatDuration } from "../core/units.ts";
import type { Attempt } from "./connect/happy_eyeballs.ts";
import type { DialOptions } from "./transport.ts";

/**
 * Connections that may wait to be accepted. The default of 511 makes a burst of connects wait for
 * SYN retries of a second and more; the kernel clamps this to net.core.somaxconn.
 */
export const BACKLOG = 4096;

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
  return bind(address, (at) => Deno.listen({ ...at, tcpBacklog: BACKLOG }));
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

/** The error for a source that cannot be bound. */
export function cannotConnectFrom(source: InetAddress, error: unknown): NetworkError {
  const foreign = (error as { code?: unknown }).code === "EINVAL";
  const reason = foreign ? "this machine does not have that address" : explain(error);
  return new FinalError(`Cannot connect from ${formatHostPort(source)}: ${reason}`, {
    cause: error,
  });
}

/** A connection, and its ends. */
export interface Connection extends ConnectionAddresses<InetAddress> {
  readonly socket: Socket;
  /** The socket as the runtime has it; absent where node:net connected it. */
  readonly conn?: Deno.TcpConn;
  close(): void;
}

/** What {@linkcode connectWithin} hands to the work that it bounds. */
export interface Connecting {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** To be filled with what was tried, for the error. */
  readonly attempts: Attempt[];
}

/**
 * Connects by `work` within the time that dialing has.
 *
 * @throws {NetworkError} naming the address, the reason and what was tried
 */
export async function connectWithin<C>(
  { address, timeout, clock }: DialOptions & { readonly address: Address },
  work: (connecting: Connecting) => Promise<C>,
): Promise<C> {
  const deadline = new AbortController();
  const cancel = clock.after(timeout, () => deadline.abort());
  const attempts: Attempt[] = [];
  try {
    return await work({ signal: deadline.signal, attempts });
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    const late = deadline.signal.aborted;
    const reason = late ? `no answer within ${formatDuration(timeout)}` : explain(error);
    throw new NetworkError(
      `Cannot connect to ${formatAddress(address)}: ${reason}${tried(address, attempts)}`,
      { cause: late ? new Error(reason) : error },
    );
  } finally {
    cancel();
  }
}

// Names what was tried, and why each failed where they failed differently.
function tried(address: Address, attempts: readonly Attempt[]): string {
  if (!isInet(address)) return "";
  if (attempts.length === 0) return " (still looking up the name)";
  const reasons = attempts.map(({ error }) => error === undefined ? "" : explain(error));
  const differ = new Set(reasons).size > 1;
  const list = attempts.map(({ address }, index) =>
    formatHostPort(address) + (differ ? `: ${reasons[index] || "no answer"}` : "")
  );
  return ` (tried ${list.join(", ")})`;
}
