/** Datagrams as chunks: each is read whole and written whole. */
import { ChunkSource, type Reads } from "../../chunk_io.ts";
import { type PeerOptions, type Socket, SocketDuplex } from "../../duplex.ts";

/** What datagrams are read from: `read` says how long the next one is, and leaves it here. */
export interface ReadsDatagrams extends Reads {
  readonly datagram: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The largest payload over IPv4: 65,535 less the headers of IP and UDP; over IPv6 less UDP's. */
export function largestDatagram(hostname: string): number {
  return hostname.includes(":") ? 65_527 : 65_507;
}

class DatagramSource extends ChunkSource {
  declare readonly from: ReadsDatagrams;

  override buffer(): Uint8Array {
    return NOTHING; // a datagram brings its own
  }

  override take(length: number): Uint8Array {
    const { datagram } = this.from;
    this.chunks++;
    this.bytes += length;
    if (this.seen) this.seen(datagram);
    return datagram;
  }
}

/** A peer that datagrams come from and go to. */
export function datagramPeer(
  socket: Socket & ReadsDatagrams,
  ends: Pick<PeerOptions, "local" | "remote">,
): SocketDuplex {
  return new SocketDuplex(socket, { ...ends, framed: true, source: new DatagramSource(socket) });
}
