/** TCP (RFC 9293). */
import { type Address, formatAddress, formatHostPort, socketAddress } from "../address.ts";
import { explain, NetworkError } from "../errors.ts";
import { formatDuration } from "../units.ts";
import { SocketDuplex } from "./duplex.ts";
import type { Attempt } from "./eyeballs.ts";
import type { DialOptions, Listener, Transport } from "./transport.ts";

// The default of 511 makes a burst of connects wait for SYN retries of a second and more; the
// kernel clamps this to net.core.somaxconn.
const BACKLOG = 4096;

/** The TCP transport. */
export const tcp: Transport = {
  name: "tcp",
  summary: "TCP over IPv4 and IPv6",
  listen,
  dial,
};

function listen(address: Address): Listener {
  const listener = bind(address);
  return {
    address: socketAddress("tcp", listener.addr),
    accept: async () => duplexOf(await listener.accept()),
    close: () => listener.close(),
  };
}

function bind(address: Address): Deno.TcpListener {
  const { port } = address;
  const tcpBacklog = BACKLOG;
  try {
    if (address.hostname) return Deno.listen({ hostname: address.hostname, port, tcpBacklog });
    return bindEverywhere({ port, tcpBacklog });
  } catch (error) {
    throw new NetworkError(
      `Cannot listen on ${formatAddress(address)}: ${explain(error)}${remedy(error)}`,
      { cause: error },
    );
  }
}

// One IPv6 socket serves both families; a kernel without IPv6 has no such address.
function bindEverywhere(options: { port: number; tcpBacklog: number }): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: "::", ...options });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return Deno.listen({ hostname: "0.0.0.0", ...options });
  }
}

function remedy(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "; stop the program that uses it, or take another port (0 takes any free one)";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return " (ports below 1024 need root); try a port above 1023";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "; try 127.0.0.1, [::1] or no host";
  return "";
}

async function dial(address: Address, { timeout, clock }: DialOptions): Promise<SocketDuplex> {
  const { connectAny } = await import("./eyeballs.ts"); // a server never dials
  const { resolve } = await import("./resolve.ts");
  const deadline = new AbortController();
  const cancel = clock.after(timeout, () => deadline.abort());
  const attempts: Attempt[] = [];
  try {
    const candidates = await resolve(address, { signal: deadline.signal });
    const connect = ({ hostname, port }: Address, signal: AbortSignal) =>
      Deno.connect({ hostname, port, signal });
    const conn = await connectAny(candidates, {
      connect,
      attempts,
      clock,
      signal: deadline.signal,
    });
    return duplexOf(conn);
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    const late = deadline.signal.aborted;
    const reason = late ? `no answer within ${formatDuration(timeout)}` : explain(error);
    throw new NetworkError(
      `Cannot connect to ${formatAddress(address)}: ${reason}${tried(attempts)}`,
      { cause: error },
    );
  } finally {
    cancel();
  }
}

// Names what was tried, and why each failed where they failed differently.
function tried(attempts: readonly Attempt[]): string {
  if (attempts.length === 0) return " (still looking up the name)";
  const reasons = attempts.map(({ error }) => error === undefined ? "" : explain(error));
  const differ = new Set(reasons).size > 1;
  const list = attempts.map(({ address }, index) =>
    formatHostPort(address) + (differ ? `: ${reasons[index] || "no answer"}` : "")
  );
  return ` (tried ${list.join(", ")})`;
}

function duplexOf(conn: Deno.TcpConn): SocketDuplex {
  try {
    // Nagle's algorithm would hold a small message until the last one is acknowledged.
    conn.setNoDelay(true);
  } catch (error) {
    conn.close();
    throw error;
  }
  return new SocketDuplex(conn, {
    local: socketAddress("tcp", conn.localAddr),
    remote: socketAddress("tcp", conn.remoteAddr),
  });
}
