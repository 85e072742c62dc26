/** Answering a peer and ending the connection. */
import type { Duplex } from "../net/duplex.ts";
import { discardInput } from "../net/pump.ts";

/**
 * Sends `bytes`, half-closes, and discards the input until its end: a socket that is closed with
 * bytes unread is reset, and the answer may be lost with it (RFC 1122 section 4.2.2.13). Over UDP,
 * which has no end, it answers each datagram.
 */
export async function answer(peer: Duplex, bytes: Uint8Array): Promise<void> {
  if (peer.framed) {
    while (await peer.read()) await peer.write(bytes);
  } else {
    // Both at once: a peer may send more than the kernel holds before it reads.
    await Promise.all([discardInput(peer), peer.write(bytes).then(() => peer.closeWrite())]);
  }
}
