/** Listening for datagrams on the port of a stream listener as well. */
import { Merged } from "./both_families.ts";
import type { InetAddress } from "./address.ts";
import type { Listener, ListenOptions } from "./transport.ts";
import { listen } from "./transports.ts";

const MAX_ATTEMPTS = 5;

/**
 * Listens by the transport of the address, and by UDP on the same port, as one listener. Datagrams may
 * be answered by any number of bytes: that is for the service to judge.
 *
 * @throws {NetworkError} when one of the two cannot be bound
 */
export async function listenWithDatagrams(
  address: InetAddress,
  options: ListenOptions,
): Promise<Listener> {
  for (let attempt = 1;; attempt++) {
    const streams = await listen(address, options);
    const { port } = streams.address as InetAddress;
    try {
      const at = { ...address, transport: "udp", port };
      return mergeListeners(streams, await listen(at, { ...options, replyFactor: Infinity }));
    } catch (error) {
      streams.close();
      // A port that the system has chosen may be in use by another's datagrams.
      if (address.port !== 0 || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

function mergeListeners(streams: Listener, datagrams: Listener): Listener {
  const listeners = [streams, datagrams];
  const merged = new Merged(listeners, (listener) => listener.accept());
  return {
    address: streams.address,
    released: datagrams.released!,
    accept: () => merged.next(),
    close() {
      for (const listener of listeners) listener.close();
      merged.abandon((arrival) => arrival.close());
    },
  };
}
