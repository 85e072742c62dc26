/**
 * ICMP "port unreachable", which the kernel reports to a connected UDP socket alone (RFC 1122
 * section 4.1.3.3). The runtime never connects one, so this does.
 */
import type { InetAddress } from "../../address.ts";
import { SystemSockets } from "../../linux/sockets.ts";

/** A UDP socket that learns of ICMP errors. */
export interface UnreachableMonitor {
  /** The address that the kernel sends from. */
  readonly local: InetAddress;
  /** Whether a datagram has met a port on which nobody listens. */
  readonly refused: () => boolean;
  readonly close: () => void;
}

/** Connects the UDP socket that is bound to `local`; nothing where that is impossible. */
export function openUnreachableMonitor(
  local: InetAddress,
  to: InetAddress,
): UnreachableMonitor | undefined {
  if (to.hostname.includes("%")) return undefined; // a zone would have to be given by its number
  const system = SystemSockets.open();
  if (!system) return undefined;
  const close = () => system[Symbol.dispose]();
  const descriptor = system.bound("udp", local);
  if (descriptor !== undefined && system.connect(descriptor, to)) {
    const refused = () => system.wasRefused(descriptor);
    return { local: system.nameOf(descriptor) ?? local, refused, close };
  }
  close();
  return undefined;
}
