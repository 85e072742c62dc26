/** Datagrams as chunks: each is read whole and written whole. */
import type { StrayCounts } from "../../strays.ts";
import { type Socket, SocketDuplex, type SocketDuplexOptions } from "../../socket_duplex.ts";

/** A socket whose `read` leaves the datagram here, and returns its length. */
export interface DatagramSocket extends Socket {
  readonly datagram: Uint8Array;
  /** Datagrams from others than the peer, where they come to the same socket. */
  readonly strays?: StrayCounts;
}

const NO_SPACE = new Uint8Array(0);

/** A peer that datagrams come from and go to. */
export function datagramPeer(
  socket: DatagramSocket,
  { local, remote }: Pick<SocketDuplexOptions, "local" | "remote">,
): SocketDuplex {
  const buffer = { space: () => NO_SPACE, chunk: () => socket.datagram };
  return new SocketDuplex(socket, {
    local,
    remote,
    framed: true,
    buffer,
    strays: socket.strays,
  });
}
