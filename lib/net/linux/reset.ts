/** Resetting a TCP connection. */
import { type ConnectionAddresses, isInet } from "../address.ts";
import { SystemSockets } from "./sockets.ts";

let system: SystemSockets | undefined; // shared, as it caches descriptors

/**
 * Sends RST where the system can (Linux), and does nothing elsewhere. The runtime itself
 * shuts a socket down before it closes it, which the peer sees as an end of input.
 */
export function sendReset({ local, remote }: ConnectionAddresses): void {
  if (!isInet(local) || !isInet(remote)) return;
  system ??= SystemSockets.open();
  system?.reset({ local, remote });
}
