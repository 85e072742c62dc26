/** Reading the TCP segment or UDP datagram that an IP packet carries. */
import { viewOf } from "../core/bytes.ts";
import type { IpHeader } from "./ip_header.ts";
import { UnreadableError, WRONG_LENGTH } from "./unreadable.ts";

const TCP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;

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
  /** Whether an ICMP error quotes it, and it was not seen itself. */
  readonly isQuoted?: true;
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

/** What an IP packet carries, besides the bytes. */
export interface IpPayload extends Pick<IpHeader, "protocol" | "hosts"> {
  /** How many bytes at the end of it are not there. */
  readonly missing: number;
}

function endsOf(bytes: Uint8Array, [source, target]: IpPayload["hosts"]) {
  const view = viewOf(bytes);
  return { from: `${source}:${view.getUint16(0)}`, to: `${target}:${view.getUint16(2)}` };
}

/** The port of an end. */
export function portOf(end: TransportPacket["from"]): number {
  return Number(end.slice(end.lastIndexOf(":") + 1));
}

/**
 * Reads a datagram (RFC 768).
 *
 * @throws {UnreadableError}
 */
export function readUdp(bytes: Uint8Array, { hosts, missing }: IpPayload): TransportPacket {
  const ends = endsOf(bytes, hosts);
  const length = viewOf(bytes).getUint16(4) || bytes.length + missing; // 0: longer than it can say
  if (length < UDP_HEADER_BYTES) throw new UnreadableError(WRONG_LENGTH);
  const payload = bytes.subarray(UDP_HEADER_BYTES, length);
  return { protocol: "udp", ...ends, payload, missing: Math.max(0, length - bytes.length) };
}

/**
 * Reads a segment (RFC 9293 section 3.1).
 *
 * @throws {UnreadableError}
 */
export function readTcp(bytes: Uint8Array, { hosts, missing }: IpPayload): TransportPacket {
  const view = viewOf(bytes);
  const begin = (view.getUint8(12) >> 4) * 4;
  const whole = bytes.length + missing;
  if (begin < TCP_HEADER_BYTES || begin > whole) throw new UnreadableError(WRONG_LENGTH);
  const tcp = {
    flags: view.getUint8(13),
    sequence: view.getUint32(4),
    acknowledged: view.getUint32(8),
    window: view.getUint16(14),
    windowScale: scaleOf(bytes.subarray(TCP_HEADER_BYTES, begin)),
  };
  const payload = bytes.subarray(begin);
  const lacking = whole - Math.max(begin, bytes.length);
  return { protocol: "tcp", ...endsOf(bytes, hosts), payload, missing: lacking, tcp };
}

function scaleOf(options: Uint8Array): number {
  for (let at = 0; at < options.length && options[at] !== 0;) {
    if (options[at] === 3) return options[at + 2] ?? 0;
    at += options[at] === 1 ? 1 : Math.max(2, options[at + 1] ?? 2);
  }
  return 0;
}
