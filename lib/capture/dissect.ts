/** Finding the TCP segment or UDP datagram in a captured packet. */
import { ipText } from "../net/ip.ts";
import { LINK_ETHERNET } from "./pcap_format.ts";
import type { CapturedPacket } from "./pcap_reader.ts";

/** A TCP segment or a UDP datagram. */
export interface TransportPacket {
  readonly protocol: "tcp" | "udp";
  /** `HOST:PORT`, by which connections are told apart. */
  readonly from: string;
  readonly to: string;
  readonly payload: Uint8Array;
  /** Whether the capture has less of the payload than was sent. */
  readonly cut: boolean;
  /** Of a TCP segment: its flags and the number of its first byte. */
  readonly flags: number;
  readonly sequence: number;
}

const TCP = 6;
const UDP = 17;
const FRAGMENT = 44; // a header of IPv6

/** Bytes before the IP header, by link type. */
const HEADERS: Readonly<Record<number, number>> = {
  0: 4, // BSD loopback
  12: 0, // raw IP, as OpenBSD numbers it
  101: 0, // raw IP
  108: 4, // OpenBSD loopback
  113: 16, // Linux "any"
  228: 0, // IPv4
  229: 0, // IPv6
  276: 20, // Linux "any", version 2
};

/**
 * The segment or datagram of a packet; "fragment" for a part of one, undefined for anything else.
 */
export function dissect({ link, bytes }: CapturedPacket): TransportPacket | "fragment" | undefined {
  try {
    const at = link === LINK_ETHERNET ? ethernetHeader(bytes) : HEADERS[link];
    return at === undefined ? undefined : fromIp(bytes.subarray(at));
  } catch (error) {
    if (error instanceof RangeError) return undefined; // cut within its headers
    throw error;
  }
}

function ethernetHeader(bytes: Uint8Array): number | undefined {
  const view = viewOf(bytes);
  let at = 12;
  while (view.getUint16(at) === 0x8100 || view.getUint16(at) === 0x88a8) at += 4; // 802.1Q, 802.1ad
  const type = view.getUint16(at);
  return type === 0x0800 || type === 0x86dd ? at + 2 : undefined;
}

interface Carried {
  readonly protocol: number;
  readonly hosts: readonly [from: string, to: string];
  /** The length of the packet from the IP header on, as its header says. */
  readonly length: number;
  /** Where the header of the next protocol begins. */
  readonly at: number;
}

function fromIp(bytes: Uint8Array): TransportPacket | "fragment" | undefined {
  const view = viewOf(bytes);
  const version = view.getUint8(0) >> 4;
  if (version !== 4 && version !== 6) return undefined;
  const carried = version === 4 ? parseIPv4(view) : parseIPv6(view);
  const isPart = version === 4 ? view.getUint16(6) & 0x3fff : carried.protocol === FRAGMENT;
  return isPart ? "fragment" : fromTransport(view, carried);
}

function parseIPv4(view: DataView): Carried {
  const host = (at: number) => ipText(new Uint8Array(view.buffer, view.byteOffset + at, 4));
  return {
    protocol: view.getUint8(9),
    hosts: [host(12), host(16)],
    length: view.getUint16(2) || view.byteLength, // 0: left for segmentation by the network card
    at: (view.getUint8(0) & 15) * 4,
  };
}

const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]); // hop by hop, routing, destination

function parseIPv6(view: DataView): Carried {
  const host = (at: number) => `[${ipText(new Uint8Array(view.buffer, view.byteOffset + at, 16))}]`;
  let [protocol, at] = [view.getUint8(6), 40];
  while (EXTENSIONS.has(protocol)) {
    protocol = view.getUint8(at);
    at += 8 + view.getUint8(at + 1) * 8;
  }
  const length = 40 + view.getUint16(4);
  return { protocol, hosts: [host(8), host(24)], length, at };
}

function fromTransport(view: DataView, carried: Carried): TransportPacket | undefined {
  const { protocol, hosts: [source, target], length, at } = carried;
  const payload = (start: number) => ({
    payload: new Uint8Array(
      view.buffer,
      view.byteOffset + start,
      Math.max(0, Math.min(length, view.byteLength) - start),
    ),
    cut: length > view.byteLength,
  });
  const ends = () => ({
    from: `${source}:${view.getUint16(at)}`,
    to: `${target}:${view.getUint16(at + 2)}`,
  });
  if (protocol === UDP) {
    return { protocol: "udp", ...ends(), ...payload(at + 8), flags: 0, sequence: 0 };
  }
  if (protocol !== TCP) return undefined;
  return {
    protocol: "tcp",
    ...ends(),
    ...payload(at + (view.getUint8(at + 12) >> 4) * 4),
    flags: view.getUint8(at + 13),
    sequence: view.getUint32(at + 4),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
