/** Finding the TCP segment or UDP datagram in a captured packet. */
import { formatQuantity } from "../core/units.ts";
import { Fragments } from "./fragments.ts";
import { type IpHeader, readIpHeader, viewOf } from "./ip_header.ts";
import { ipInFrame, ipInGre, UnreadableFrame } from "./link.ts";
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
const IPV4_IN_IP = 4; // RFC 2003
const IPV6_IN_IP = 41; // RFC 4213
const READ: readonly number[] = [TCP, UDP, GRE, IPV4_IN_IP, IPV6_IN_IP];

/** Finds segments and datagrams, and counts what it cannot read. */
export class Dissector {
  readonly #fragments = new Fragments();
  readonly #unread = new Map<string, number>(); // how many packets, by what is wrong with them

  /** What could not be read, in words. */
  get troubles(): string[] {
    const { incomplete } = this.#fragments;
    const unread = [...this.#unread];
    if (incomplete > 0) unread.push(["of which a fragment lacks", incomplete]);
    return unread.map(([what, count]) => `${formatQuantity(count, "packet")} ${what}`);
  }

  /** The segment or datagram of a packet; undefined where there is none, or not all of it yet. */
  dissect(packet: CapturedPacket): TransportPacket | undefined {
    try {
      const ip = ipInFrame(packet);
      return ip && this.#fromIp(ip);
    } catch (error) {
      const what = error instanceof RangeError
        ? "cut within their headers"
        : error instanceof UnreadableFrame
        ? error.message
        : undefined;
      if (what === undefined) throw error;
      this.#unread.set(what, (this.#unread.get(what) ?? 0) + 1);
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
    if (missing > 0 || !READ.includes(protocol)) return undefined;
    const key = [...hosts, protocol, part.id].join(" ");
    const whole = this.#fragments.add({ key, ...part, bytes: captured });
    return whole && this.#fromTransport(whole, { ...header, missing });
  }

  #fromTransport(
    bytes: Uint8Array,
    { protocol, hosts: [source, target], missing }: IpHeader & { readonly missing: number },
  ): TransportPacket | undefined {
    const ip = carriedIp(protocol, bytes);
    if (ip) return this.#fromIp(ip);
    const view = viewOf(bytes);
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

function carriedIp(protocol: number, bytes: Uint8Array): Uint8Array | undefined {
  if (protocol === GRE) return ipInGre(bytes);
  return [IPV4_IN_IP, IPV6_IN_IP].includes(protocol) ? bytes : undefined;
}

function scaleOf(options: Uint8Array): number {
  for (let at = 0; at < options.length && options[at] !== 0;) {
    if (options[at] === 3) return options[at + 2] ?? 0;
    at += options[at] === 1 ? 1 : Math.max(2, options[at + 1] ?? 2);
  }
  return 0;
}
