/** Breaking a TCP connection, so that its peer gets RST. */
import { type ConnectionAddresses, isInet } from "../address.ts";
import { SystemSockets } from "./sockets.ts";

let system: SystemSockets | undefined; // one for all: it knows where it found the others

/**
 * Breaks a connection where the system can (Linux), and does nothing elsewhere. The runtime itself
 * shuts a socket down before it closes it, which the peer sees as an end of input.
 */
export function sendReset({ local, remote }: ConnectionAddresses): void {
  if (!isInet(local) || !isInet(remote)) return;
  system ??= SystemSockets.open();
  system?.reset({ local, remote });
}
