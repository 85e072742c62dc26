/** Connecting over TCP, as the client's options ask for it. */
import { writeAll } from "../../core/io.ts";
import { closeQuietly } from "../socket_duplex.ts";
import { addressesOf, type InetAddress, isLiteral, socketAddress } from "../address.ts";
import { FinalError, UsageError } from "../../core/errors.ts";
import { canonicalIp } from "../ip.ts";
import { choice, flag, text, type Values } from "../../cli/options.ts";
import { libc } from "../linux/libc.ts";
import { type ConnectContext, type Connection, connectWithin } from "./deadline.ts";
import { systemClock } from "../../core/clock.ts";
import { parseEnd, reachable, reachOptions } from "./reach.ts";
import type { DialOptions } from "../transport.ts";

/** What every transport over TCP adds to the client's options. */
export const tcpDialOptions = {
  ...reachOptions,
  keepalive: flag({ summary: "enable TCP keepalive" }),
  proxyProtocol: flag({ summary: "send a PROXY protocol header first, as a proxy does" }),
  proxyVersion: choice(["1", "2"], {
    summary: "the version of the header",
    needs: ["proxyProtocol"],
  }),
  proxySource: text({
    summary: "the client address in the header (default: the local address)",
    placeholder: "HOST:PORT",
    read: parseClient,
    needs: ["proxyProtocol"],
  }),
};

const REHEARSAL_MS = 100;

const NO_ZONE =
  "Cannot connect over TCP from an address with a zone: the runtime takes none; leave " +
  "--source out, as the zone of the peer's address says which interface it is";

/** Connects to the first address of a host that answers, and sends a PROXY header if asked to. */
export async function connectTcp(
  address: InetAddress,
  { values, clock, signal, attempts, onPhase }: DialOptions<typeof tcpDialOptions> & ConnectContext,
): Promise<Connection> {
  // Loaded here because a server never dials.
  const { connectAny } = await import("./happy_eyeballs.ts");
  const { isLookedUp, resolve } = await import("./resolve.ts");
  onPhase?.("loading");
  const candidates = reachable(await resolve(address, { signal }), values);
  if (isLookedUp(address.hostname)) onPhase?.("dns");
  const connection = await connectAny(candidates, {
    connect: (to, signal) => connect(to, { signal, values }),
    attempts,
    clock,
    signal,
  });
  onPhase?.("connect");
  try {
    await introduce(connection, values);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Loads what {@linkcode connectTcp} will need; see `Transport.loadDialing`. The first connection of a
 * program takes some 4 ms of its own, so one is made to the program itself.
 */
export async function loadConnecting(
  { hostname }: InetAddress,
  values: Values<typeof tcpDialOptions>,
): Promise<void> {
  libc(); // for resets
  await Promise.all([
    import("./happy_eyeballs.ts"),
    loadResolving(hostname),
    values.source && import("../node/socket.ts"),
    values.proxyProtocol && import("../proxy_protocol.ts"),
  ]);
  await (rehearsed ??= rehearse(values).catch(() => {})); // it is slower then
}

let rehearsed: Promise<void> | undefined;

async function rehearse(values: Values<typeof tcpDialOptions>): Promise<void> {
  const clock = systemClock;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = socketAddress("tcp", listener.addr);
  const options = { values: { ...values, source: undefined, proxyProtocol: false }, clock };
  const { close } = await connectWithin(
    { address, timeout: REHEARSAL_MS, ...options },
    (connecting) => connectTcp(address, { ...options, timeout: REHEARSAL_MS, ...connecting }),
  );
  close();
}

/** Loads what finding the addresses of a host will need. */
export async function loadResolving(hostname: string): Promise<void> {
  const { isLookedUp } = await import("./resolve.ts");
  if (isLookedUp(hostname)) await import("node:dns");
}

async function connect(
  to: InetAddress,
  { signal, values }: { signal: AbortSignal; values: Values<typeof tcpDialOptions> },
): Promise<Connection> {
  const { hostname, port } = to;
  if (values.source) {
    if (values.source.hostname.includes("%")) throw new FinalError(NO_ZONE);
    const { connectFrom } = await import("../node/socket.ts");
    return await connectFrom(values.source, { to, signal, keepalive: values.keepalive });
  }
  const conn = await Deno.connect({ hostname, port, signal });
  if (values.keepalive) conn.setKeepAlive(true);
  // Nagle's algorithm would hold a small message until the last one is acknowledged.
  conn.setNoDelay(true);
  return {
    socket: conn,
    conn,
    ...addressesOf(conn, to),
    close: () => closeQuietly(conn),
  };
}

async function introduce(
  { socket, local, remote }: Connection,
  { proxyProtocol, proxyVersion, proxySource }: Values<typeof tcpDialOptions>,
): Promise<void> {
  if (!proxyProtocol) return;
  const { proxyHeader } = await import("../proxy_protocol.ts");
  // From the peer's view, the client is the remote.
  const ends = { remote: proxySource ?? local, local: remote };
  await writeAll(socket, proxyHeader(ends, { version: proxyVersion }));
}

function parseClient(text: string): InetAddress {
  const address = parseEnd(text);
  if (isLiteral(address.hostname) && !address.hostname.includes("%")) {
    try {
      return { ...address, hostname: canonicalIp(address.hostname) };
    } catch {
      // It only looked like an address.
    }
  }
  throw new UsageError(`an IP address and a port are needed, not "${text}"`);
}
