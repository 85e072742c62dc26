/** The transports, and listening and dialing by whichever an address names. */
import type { Address } from "../address.ts";
import { find } from "../table.ts";
import type { Duplex } from "./duplex.ts";
import { tcp } from "./tcp.ts";
import type { DialOptions, Listener, Transport } from "./transport.ts";

/** Every transport, by the scheme of its addresses. */
export const transports: readonly Transport[] = [tcp];

/** The transport of an address; a {@linkcode UsageError} when there is none. */
function transportOf(address: Address): Transport {
  return find(transports, { name: address.transport, kind: "transport" });
}

/** Listens on an address. */
export function listen(address: Address): Listener {
  return transportOf(address).listen(address);
}

/** Connects to an address. */
export function dial(address: Address, options: DialOptions): Promise<Duplex> {
  return transportOf(address).dial(address, options);
}
