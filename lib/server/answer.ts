/** Answering a peer and ending the connection. */
import { discardInput } from "../net/pump.ts";
import type { Duplex } from "../net/duplex.ts";

/**
 * Sends `bytes`, half-closes, and discards what the peer says until its end: a socket that is
 * closed with bytes unread is reset, and the answer may be lost with it (RFC 1122 section
 * 4.2.2.13). Where there is no end, each datagram is a question of its own.
 */
export async function answer(peer: Duplex, bytes: Uint8Array): Promise<void> {
  const writer = peer.writable.getWriter();
  if (peer.framed) {
    for await (const _ of peer.readable) await writer.write(bytes);
  } else {
    // Both at once: a peer may send more than the kernel holds before it reads.
    await Promise.all([discardInput(peer), writer.write(bytes).then(() => writer.close())]);
  }
}
