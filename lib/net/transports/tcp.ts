/** TCP (RFC 9293). */
import { SocketDuplex } from "../socket_duplex.ts";
import { type InetAddress, inZoneOf, socketAddress } from "../address.ts";
import { acceptTcp, loadPreparing, streamListenOptions, tcpArrival } from "../incoming.ts";
import { tcpSocket } from "../linux/system_socket.ts";
import { connectTcp, loadConnecting, tcpDialOptions } from "../connect/tcp_connect.ts";
import type { Duplex } from "../duplex.ts";
import { bufferOf } from "../read_buffer.ts";
import { bindTcp } from "../listen.ts";
import { connectWithin } from "../connect/deadline.ts";
import {
  defineTransport,
  type DialOptions,
  type Listener,
  type ListenOptions,
} from "../transport.ts";

/** The TCP transport. */
export const tcp = defineTransport({
  name: "tcp",
  summary: "TCP over IPv4 and IPv6",
  listenOptions: streamListenOptions,
  dialOptions: tcpDialOptions,
  listen,
  dial,
  loadDialing: loadConnecting,
});

async function listen(
  address: InetAddress,
  { values, clock }: ListenOptions<typeof streamListenOptions>,
): Promise<Listener> {
  await loadPreparing(values);
  const listener = bindTcp(address);
  const preparing = { values, clock };
  return {
    address: inZoneOf(address, socketAddress("tcp", listener.addr)),
    accept: async () => tcpArrival(await acceptTcp(listener), address, preparing),
    close: () => listener.close(),
  };
}

function dial(address: InetAddress, options: DialOptions<typeof tcpDialOptions>): Promise<Duplex> {
  return connectWithin({ address, ...options }, async (connecting) => {
    const connection = await connectTcp(address, { ...options, ...connecting });
    const { socket, local, remote } = connection;
    const buffer = bufferOf(options.readBytes);
    return new SocketDuplex(socket, { local, remote, buffer, system: tcpSocket(connection) });
  });
}
