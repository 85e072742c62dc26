/** UDP (RFC 768): one peer for each remote that sends. */
import type { InetAddress } from "../address.ts";
import { source } from "./dialing.ts";
import type { Duplex } from "./duplex.ts";
import { bind, connectWithin } from "./inet.ts";
import { defineTransport, type DialOptions, type Listener } from "./transport.ts";

const dialOptions = { source };

/** The UDP transport. */
export const udp = defineTransport({
  name: "udp",
  summary: "UDP over IPv4 and IPv6",
  listenOptions: {},
  dialOptions,
  listen,
  dial,
});

async function listen(address: InetAddress): Promise<Listener> {
  const { DatagramListener } = await import("./udp_listener.ts");
  return new DatagramListener(bindUdp(address));
}

function bindUdp(address: InetAddress): Deno.DatagramConn {
  return bind(address, (at) => Deno.listenDatagram({ ...at, transport: "udp" }));
}

function dial(address: InetAddress, options: DialOptions<typeof dialOptions>): Promise<Duplex> {
  return connectWithin({ address, ...options }, async ({ signal }) => {
    const { resolve } = await import("./resolve.ts");
    const { talkTo } = await import("./udp_client.ts");
    // There is no connection to tell by which address answers. A server of this machine that
    // listens on one family alone is more often on IPv4.
    const candidates = await resolve(address, { signal });
    const to = candidates.at(address.hostname === "localhost" ? -1 : 0);
    const everywhere = to!.hostname.includes(":") ? "::" : "0.0.0.0";
    const { hostname, port } = options.values.source ?? { hostname: "", port: 0 };
    const conn = bindUdp({ transport: "udp", hostname: hostname || everywhere, port });
    return talkTo(to!, { conn, clock: options.clock });
  });
}
