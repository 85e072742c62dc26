/** UDP (RFC 768): one peer for each remote that sends. */
import { type InetAddress, socketAddress } from "../../address.ts";
import { canonicalIp } from "../../ip.ts";
import { reachable, reachOptions } from "../../connect/reach.ts";
import { loadResolving } from "../../connect/tcp_connect.ts";
import type { Duplex } from "../../duplex.ts";
import { receivingFromAll } from "../../both_families.ts";
import { maxDatagramBytes } from "../../datagram_size.ts";
import { bind } from "../../listen.ts";
import { cannotConnectFrom, connectWithin } from "../../connect/deadline.ts";
import {
  defineTransport,
  type DialOptions,
  type Listener,
  type ListenOptions,
} from "../../transport.ts";

const listenOptions = {};
const dialOptions = reachOptions;

/** The UDP transport. */
export const udp = defineTransport({
  name: "udp",
  summary: "UDP over IPv4 and IPv6",
  connectionless: true,
  listenOptions,
  dialOptions,
  listen,
  dial,
  loadDialing: ({ hostname }) => Promise.all([loadResolving(hostname), import("./client.ts")]),
});

async function listen(
  address: InetAddress,
  { replyFactor }: ListenOptions<typeof listenOptions>,
): Promise<Listener> {
  const { DatagramListener } = await import("./listener.ts");
  const sockets = bind(address, (at) => Deno.listenDatagram({ ...at, transport: "udp" }));
  const socket = receivingFromAll(sockets, maxDatagramBytes("::"));
  return new DatagramListener(socket, { replyFactor, at: address });
}

function dial(address: InetAddress, options: DialOptions<typeof dialOptions>): Promise<Duplex> {
  const { values, clock, onPhase } = options;
  return connectWithin({ address, ...options }, async ({ signal, attempts }) => {
    const { isLookedUp, resolve } = await import("../../connect/resolve.ts");
    const { datagramClient: talkTo } = await import("./client.ts");
    onPhase?.("loading");
    // There is no connection to tell by which address answers. A server of this machine that
    // listens on one family alone is more often on IPv4.
    const candidates = reachable(await resolve(address, { signal }), values);
    if (isLookedUp(address.hostname)) onPhase?.("dns");
    const to = peerAddress(candidates.at(address.hostname === "localhost" ? -1 : 0)!);
    attempts.push({ address: to });
    return talkTo(to, { conn: bindEnd(to, values.source), clock });
  });
}

function bindEnd(to: InetAddress, source: InetAddress | undefined): Deno.DatagramConn {
  const everywhere = to.hostname.includes(":") ? "::" : "0.0.0.0";
  const { port } = source ?? { port: 0 };
  const hostname = source?.hostname || everywhere;
  try {
    return Deno.listenDatagram({ hostname, port, transport: "udp" });
  } catch (error) {
    if (!source) throw error;
    throw cannotConnectFrom({ transport: "udp", hostname, port }, error);
  }
}

// The address as the kernel reports the sender of an answer.
function peerAddress(address: InetAddress): InetAddress {
  const { hostname } = socketAddress("udp", { ...address, transport: "udp" });
  const [bare = "", zone] = hostname.split("%");
  const canonical = canonicalIp(bare);
  const local = { "0.0.0.0": "127.0.0.1", "::": "::1" }[canonical];
  return { ...address, hostname: local ?? (zone ? `${canonical}%${zone}` : canonical) };
}
