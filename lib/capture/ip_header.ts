/** The headers of IP packets: IPv4 (RFC 791), IPv6 and its fragments (RFC 8200). */
import { viewOf } from "../core/bytes.ts";
import { ipText } from "../net/ip.ts";

/** Which part of a packet a fragment is. */
export interface Part {
  readonly id: number;
  readonly offset: number;
  readonly more: boolean;
}

/** What the header of an IP packet says. */
export interface IpHeader {
  readonly protocol: number;
  readonly hosts: readonly [from: string, to: string];
  /** The length of the packet from the IP header on, as its header says. */
  readonly length: number;
  /** Where the header of the next protocol begins. */
  readonly at: number;
  /** Which part of a packet it is, if it is no whole one. */
  readonly part: Part | undefined;
}

/**
 * Reads the header that a packet begins with, of which so many bytes at its end are `cut`; undefined
 * where it is of no IP. Throws RangeError where the bytes end before it does.
 */
export function readIpHeader(bytes: Uint8Array, cut: number): IpHeader | undefined {
  const view = viewOf(bytes);
  const version = view.getUint8(0) >> 4;
  // A length of 0 is left for segmentation by the network card.
  const whole = view.byteLength + cut;
  if (version === 4) return parseIPv4(view, whole);
  return version === 6 ? parseIPv6(view, whole) : undefined;
}

function parseIPv4(view: DataView, whole: number): IpHeader {
  const host = (at: number) => ipText(new Uint8Array(view.buffer, view.byteOffset + at, 4));
  const [offset, more] = [(view.getUint16(6) & 0x1fff) * 8, (view.getUint16(6) & 0x2000) !== 0];
  return {
    protocol: view.getUint8(9),
    hosts: [host(12), host(16)],
    length: view.getUint16(2) || whole,
    at: (view.getUint8(0) & 15) * 4,
    part: offset > 0 || more ? { id: view.getUint16(4), offset, more } : undefined,
  };
}

function parseIPv6(view: DataView, whole: number): IpHeader {
  const host = (at: number) => `[${ipText(new Uint8Array(view.buffer, view.byteOffset + at, 16))}]`;
  const length = view.getUint16(4) === 0 ? whole : 40 + view.getUint16(4);
  const hosts = [host(8), host(24)] as const;
  return { protocol: view.getUint8(6), hosts, length, at: 40, part: undefined };
}

/** What the header of a fragment takes in IPv6. */
export const FRAGMENT_BYTES = 8;

/** The part that the header of a fragment tells of (RFC 8200 section 4.5); undefined for a whole. */
export function readFragment(bytes: Uint8Array): Part | undefined {
  const view = viewOf(bytes);
  const [offset, more] = [view.getUint16(2) & 0xfff8, (view.getUint8(3) & 1) !== 0];
  return offset > 0 || more ? { id: view.getUint32(4), offset, more } : undefined;
}
