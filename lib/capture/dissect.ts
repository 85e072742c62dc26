/** Finding the TCP segment or UDP datagram in a captured packet. */
import { viewOf } from "../core/bytes.ts";
import { formatQuantity } from "../core/units.ts";
import { Fragments } from "./fragments.ts";
import { FRAGMENT_BYTES, type Part, readFragment, readIpHeader } from "./ip_header.ts";
import { ETHERNET, ipOfType, MPLS } from "./ether_type.ts";
import { ipInFrame } from "./link.ts";
import { type IpPayload, readTcp, readUdp, type TransportPacket } from "./transport_packet.ts";
import { ipInDatagram, ipInGre } from "./tunnels.ts";
import { UnreadableError, WRONG_LENGTH } from "./unreadable.ts";
import type { CapturedPacket } from "./pcap_reader.ts";

/** Numbers of protocols (https://www.iana.org/assignments/protocol-numbers). */
const PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  authentication: 51,
  icmp6: 58,
  destination: 60,
  etherIp: 97,
  mpls: 137,
  shim6: 140,
  ethernet: 143,
} as const;

/** Types of ICMP's messages that quote a packet (RFC 792, RFC 4443). */
const ERRORS = { icmp: [3, 4, 11, 12], icmp6: [1, 2, 3, 4] } as const;

/** Protocols whose fragments matter: those of ICMP are of no error. */
const FRAGMENTED: readonly number[] = Object.values(PROTOCOL).filter((protocol) =>
  protocol !== PROTOCOL.icmp && protocol !== PROTOCOL.icmp6
);

/** Protocols that may carry any of these, and cannot be read. */
const UNREADABLE: Readonly<Record<number, string>> = {
  50: "encrypted by IPsec",
  55: "of minimal encapsulation, which is not understood",
  108: "compressed by IPComp",
  115: "of L2TP, which is not understood",
};

const ICMP_HEADER_BYTES = 8;
const IP_HEADER_BYTES = 20; // of IPv4, at least
const MAX_LAYERS = 16; // of IP in one packet

/** Finds segments and datagrams, and counts what it cannot read. */
export class Dissector {
  readonly #fragments = new Fragments();
  #layers = 0; // of the packet that is read
  readonly #unread = new Map<string, number>(); // how many packets, by what is wrong with them

  /** What could not be read, in words. */
  get troubles(): string[] {
    const { incomplete } = this.#fragments;
    const unread = [...this.#unread];
    if (incomplete > 0) unread.push(["of which a fragment lacks", incomplete]);
    return unread.map(([what, count]) => `${formatQuantity(count, "packet")} ${what}`);
  }

  /**
   * The segment or datagram of a packet, and what that may carry in turn; none where there is none,
   * or not all of it yet.
   */
  dissect(packet: CapturedPacket): readonly TransportPacket[] {
    this.#layers = 0;
    if (packet.cut < 0) this.#count("longer in the file than on the wire");
    return this.#fromCarrier(() => ipInFrame(packet), Math.max(0, packet.cut));
  }

  #count(what: string): void {
    this.#unread.set(what, (this.#unread.get(what) ?? 0) + 1);
  }

  #fromCarrier(ip: () => Uint8Array | undefined, cut: number): readonly TransportPacket[] {
    try {
      return this.#fromIp(ip(), cut);
    } catch (error) {
      if (error instanceof RangeError) this.#count("cut within the headers");
      else if (error instanceof UnreadableError) this.#count(error.message);
      else throw error;
      return [];
    }
  }

  // Of the packet so many bytes at its end are cut.
  #fromIp(bytes: Uint8Array | undefined, cut: number): readonly TransportPacket[] {
    if (!bytes) return [];
    if (++this.#layers > MAX_LAYERS) throw new UnreadableError("of too many layers");
    const header = readIpHeader(bytes, cut);
    if (!header) return [];
    const { part, at, length, protocol, hosts } = header;
    if (at < IP_HEADER_BYTES || length < at) throw new UnreadableError(WRONG_LENGTH);
    const captured = bytes.subarray(at, Math.min(length, bytes.length));
    const missing = Math.max(0, length - Math.max(at, bytes.length));
    return this.#fromPart(captured, { protocol, hosts, missing }, part);
  }

  // A whole is no part.
  #fromPart(
    bytes: Uint8Array,
    about: IpPayload,
    part: Part | undefined,
  ): readonly TransportPacket[] {
    if (!part) return this.#fromTransport(bytes, about);
    const { protocol, hosts, missing } = about;
    rejectUnreadable(protocol);
    if (!FRAGMENTED.includes(protocol)) return [];
    if (missing > 0) throw new UnreadableError("of fragments that are cut");
    const key = [...hosts, protocol, part.id].join(" ");
    const whole = this.#fragments.add({ key, ...part, bytes });
    return whole ? this.#fromTransport(whole, about) : [];
  }

  #fromTransport(bytes: Uint8Array, about: IpPayload): readonly TransportPacket[] {
    const { protocol, missing } = about;
    rejectUnreadable(protocol);
    switch (protocol) {
      case PROTOCOL.ipv4:
      case PROTOCOL.ipv6:
        return this.#fromIp(bytes, missing);
      case PROTOCOL.icmp:
        return this.#quoted(bytes, ERRORS.icmp);
      case PROTOCOL.icmp6:
        return this.#quoted(bytes, ERRORS.icmp6);
      case PROTOCOL.gre:
        return this.#fromIp(ipInGre(bytes), missing);
      case PROTOCOL.mpls: // RFC 4023
        return this.#fromIp(ipOfType(MPLS, bytes), missing);
      case PROTOCOL.etherIp: // RFC 3378
        return this.#fromIp(ipOfType(ETHERNET, bytes.subarray(2)), missing);
      case PROTOCOL.ethernet: // RFC 8986
        return this.#fromIp(ipOfType(ETHERNET, bytes), missing);
      case PROTOCOL.authentication: // RFC 4302: in words, less two
        return this.#behindHeader(bytes, { about, length: (length) => (length + 2) * 4 });
      case PROTOCOL.hopByHop: // behind another header of IPv6 (RFC 8200 section 4)
      case PROTOCOL.routing:
      case PROTOCOL.destination:
      case PROTOCOL.shim6: // RFC 5533
        return this.#behindHeader(bytes, { about, length: (length) => (length + 1) * 8 });
      case PROTOCOL.fragment: {
        const carried = { ...about, protocol: viewOf(bytes).getUint8(0) };
        return this.#fromPart(bytes.subarray(FRAGMENT_BYTES), carried, readFragment(bytes));
      }
      case PROTOCOL.udp: {
        const datagram = readUdp(bytes, about);
        return [datagram, ...this.#fromCarrier(() => ipInDatagram(datagram), datagram.missing)];
      }
      case PROTOCOL.tcp:
        return [readTcp(bytes, about)];
    }
    return [];
  }

  // Only the beginning of a packet is quoted: what is not read of it lacks nothing.
  #quoted(bytes: Uint8Array, errors: readonly number[]): readonly TransportPacket[] {
    if (!errors.includes(viewOf(bytes).getUint8(0))) return [];
    const packets = new Dissector().#fromCarrier(() => bytes.subarray(ICMP_HEADER_BYTES), 0);
    return packets.map((packet) => ({ ...packet, isQuoted: true }));
  }

  // A header that begins with the next protocol, and its length.
  #behindHeader(
    bytes: Uint8Array,
    { about, length }: {
      readonly about: IpPayload;
      readonly length: (told: number) => number;
    },
  ): readonly TransportPacket[] {
    const view = viewOf(bytes);
    const behind = bytes.subarray(length(view.getUint8(1)));
    return this.#fromTransport(behind, { ...about, protocol: view.getUint8(0) });
  }
}

function rejectUnreadable(protocol: number): void {
  const unreadable = UNREADABLE[protocol];
  if (unreadable !== undefined) throw new UnreadableError(unreadable);
}
