/** Finding the TCP segment or UDP datagram in a captured packet. */
import { formatQuantity } from "../core/units.ts";
import { Fragments } from "./fragments.ts";
import { type IpHeader, readIpHeader, viewOf } from "./ip_header.ts";
import { LINK_ETHERNET, LINK_SLL, LINK_SLL2 } from "./pcap_format.ts";
import type { CapturedPacket } from "./pcap_reader.ts";

/** A TCP segment or a UDP datagram. */
export interface TransportPacket {
  readonly protocol: "tcp" | "udp";
  /** `HOST:PORT`, by which connections are told apart. */
  readonly from: string;
  readonly to: string;
  readonly payload: Uint8Array;
  /** How many bytes of the payload were sent, and are not in the capture. */
  readonly missing: number;
  /** The header of a TCP segment. */
  readonly tcp?: TcpHeader;
}

/** What of a TCP header (RFC 9293 section 3.1) matters here. */
export interface TcpHeader {
  readonly flags: number;
  /** The number of the first byte. */
  readonly sequence: number;
  /** The number of the byte that is expected, where there is an ACK. */
  readonly acknowledged: number;
  /** As it stands in the header, before scaling. */
  readonly window: number;
  /** By how many bits a SYN has windows shifted (RFC 7323); 0 without the option. */
  readonly windowScale: number;
}

const TCP = 6;
const UDP = 17;
const GRE = 47;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;

/** Bytes before the IP header, by link type. */
const HEADERS: Readonly<Record<number, number>> = {
  0: 4, // BSD loopback
  12: 0, // raw IP, as OpenBSD numbers it
  101: 0, // raw IP
  108: 4, // OpenBSD loopback
  228: 0, // IPv4
  229: 0, // IPv6
};

interface TypedHeader {
  /** Where the EtherType of what is carried stands. */
  readonly typeAt: number;
  readonly length: number;
}

/** Headers that say what they carry, by link type. */
const TYPED: Readonly<Record<number, TypedHeader>> = {
  [LINK_ETHERNET]: { typeAt: 12, length: 14 },
  [LINK_SLL]: { typeAt: 14, length: 16 }, // Linux "any"
  [LINK_SLL2]: { typeAt: 0, length: 20 },
};

/** Finds segments and datagrams, and counts what it cannot read. */
export class Dissector {
  readonly #fragments = new Fragments();
  #cut = 0; // packets that end within their headers
  readonly #unknownLinks = new Map<number, number>(); // how many packets, by link type

  /** What could not be read, in words. */
  get troubles(): string[] {
    const { incomplete } = this.#fragments;
    return [
      ...[...this.#unknownLinks].map(([link, count]) =>
        `${formatQuantity(count, "packet")} of link type ${link}, which is not understood`
      ),
      ...(this.#cut > 0 ? [`${formatQuantity(this.#cut, "packet")} cut within their headers`] : []),
      ...(incomplete > 0
        ? [`${formatQuantity(incomplete, "packet")} of which a fragment lacks`]
        : []),
    ];
  }

  /** The segment or datagram of a packet; undefined where there is none, or not all of it yet. */
  dissect({ link, bytes }: CapturedPacket): TransportPacket | undefined {
    const at = HEADERS[link];
    const typed = TYPED[link];
    if (at === undefined && !typed) {
      this.#unknownLinks.set(link, (this.#unknownLinks.get(link) ?? 0) + 1);
      return undefined;
    }
    try {
      const ip = typed ? carriedIp(bytes, typed) : bytes.subarray(at);
      return ip && this.#fromIp(ip);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#cut++;
      return undefined;
    }
  }

  #fromIp(bytes: Uint8Array): TransportPacket | undefined {
    const header = readIpHeader(bytes);
    if (!header) return undefined;
    const { part, at, length, protocol, hosts } = header;
    const captured = bytes.subarray(at, Math.max(at, Math.min(length, bytes.length)));
    const missing = Math.max(0, length - Math.max(at, bytes.length));
    if (!part) return this.#fromTransport(captured, { ...header, missing });
    if (missing > 0 || ![TCP, UDP].includes(protocol)) return undefined;
    const key = [...hosts, protocol, part.id].join(" ");
    const whole = this.#fragments.add({ key, ...part, bytes: captured });
    return whole && this.#fromTransport(whole, { ...header, missing });
  }

  #fromTransport(
    bytes: Uint8Array,
    { protocol, hosts: [source, target], missing }: IpHeader & { readonly missing: number },
  ): TransportPacket | undefined {
    const view = viewOf(bytes);
    if (protocol === GRE) {
      const ip = carriedByGre(bytes);
      return ip && this.#fromIp(ip);
    }
    if (protocol !== UDP && protocol !== TCP) return undefined;
    const from = `${source}:${view.getUint16(0)}`;
    const to = `${target}:${view.getUint16(2)}`;
    if (protocol === UDP) {
      const length = view.getUint16(4) || bytes.length + missing; // 0: longer than it can say
      const lacking = Math.max(0, length - bytes.length);
      return { protocol: "udp", from, to, payload: bytes.subarray(8, length), missing: lacking };
    }
    const begin = (view.getUint8(12) >> 4) * 4;
    const tcp = {
      flags: view.getUint8(13),
      sequence: view.getUint32(4),
      acknowledged: view.getUint32(8),
      window: view.getUint16(14),
      windowScale: scaleOf(bytes.subarray(20, begin)),
    };
    return { protocol: "tcp", from, to, payload: bytes.subarray(begin), missing, tcp };
  }
}

// The IP packet behind a header with an EtherType, and behind what may stand between the two.
function carriedIp(
  bytes: Uint8Array,
  { typeAt, length }: TypedHeader,
): Uint8Array | undefined {
  const view = viewOf(bytes);
  let type = view.getUint16(typeAt);
  let at = length;
  while (type === 0x8100 || type === 0x88a8) { // 802.1Q, 802.1ad
    type = view.getUint16(at + 2);
    at += 4;
  }
  if (type === 0x8864) { // PPPoE (RFC 2516), and the protocol of PPP
    type = { 0x0021: IPV4, 0x0057: IPV6 }[view.getUint16(at + 6)] ?? 0;
    at += 8;
  } else if (type === 0x8847) { // MPLS (RFC 3032): IP is told by its version
    while ((view.getUint8(at + 2) & 1) === 0) at += 4;
    at += 4;
    type = IPV4;
  }
  return type === IPV4 || type === IPV6 ? bytes.subarray(at) : undefined;
}

// RFC 2784 and RFC 2890: the flags say which fields there are.
function carriedByGre(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const fields = [0x8000, 0x2000, 0x1000].filter((flag) => view.getUint16(0) & flag).length;
  const type = view.getUint16(2);
  return type === IPV4 || type === IPV6 ? bytes.subarray(4 + 4 * fields) : undefined;
}

function scaleOf(options: Uint8Array): number {
  for (let at = 0; at < options.length && options[at] !== 0;) {
    if (options[at] === 3) return options[at + 2] ?? 0;
    at += options[at] === 1 ? 1 : Math.max(2, options[at + 1] ?? 2);
  }
  return 0;
}
