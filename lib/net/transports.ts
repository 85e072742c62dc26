/** The transports, and listening and dialing by the transport of an address. */
import type { Address } from "./address.ts";
import type { OptionTable } from "../cli/options.ts";
import { find } from "../core/named.ts";
import type { Duplex } from "./duplex.ts";
import { tcp } from "./transports/tcp.ts";
import { tls } from "./transports/tls/tls.ts";
import type { DialOptions, Listener, ListenOptions, Transport } from "./transport.ts";
import { udp } from "./transports/udp/udp.ts";
import { unix } from "./transports/unix.ts";

/** Every transport, by the scheme of its addresses. */
export const transports: readonly Transport[] = [tcp, tls, udp, unix];

/** What the transports add to the server's options. */
export const listenOptions: OptionTable = merge(({ listenOptions }) => listenOptions);

/** What the transports add to the client's options. */
export const dialOptions: OptionTable = merge(({ dialOptions }) => dialOptions);

/** The transport of an address; a {@linkcode UsageError} when there is none. */
export function transportOf({ transport }: Address): Transport {
  return find(transports, { name: transport, kind: "transport" });
}

/** Listens on an address. */
export function listen(address: Address, options: ListenOptions): Promise<Listener> {
  return transportOf(address).listen(address, options);
}

/** Connects to an address. */
export function dial(address: Address, options: DialOptions): Promise<Duplex> {
  return transportOf(address).dial(address, options);
}

function merge(optionsOf: (transport: Transport) => OptionTable): OptionTable {
  return Object.assign({}, ...transports.map(optionsOf));
}
