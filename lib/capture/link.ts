/** Finding the IP packet in a frame, by the link type of its capture. */
import { viewOf } from "./ip_header.ts";
import { LINK_802_11, LINK_ETHERNET, LINK_RADIOTAP, LINK_SLL, LINK_SLL2 } from "./pcap_format.ts";

/** A frame that cannot be read, with what it is: `encrypted by Wi-Fi`. */
export class UnreadableFrame extends Error {}

/** A frame as a network has carried it. */
export interface LinkFrame {
  /** What its headers begin with (https://www.tcpdump.org/linktypes.html). */
  readonly link: number;
  readonly bytes: Uint8Array;
}

/**
 * The IP packet in a frame; undefined where it carries something else. Throws RangeError where the
 * bytes end before it does.
 *
 * @throws {UnreadableFrame}
 */
export function ipInFrame({ link, bytes }: LinkFrame): Uint8Array | undefined {
  const read = READERS[link];
  if (!read) throw new UnreadableFrame(`of link type ${link}, which is not understood`);
  return read(bytes);
}

type ReadFrame = (bytes: Uint8Array) => Uint8Array | undefined;

const READERS: Readonly<Record<number, ReadFrame>> = {
  0: behind(4), // BSD loopback
  12: behind(0), // raw IP, as OpenBSD numbers it
  101: behind(0), // raw IP
  108: behind(4), // OpenBSD loopback
  228: behind(0), // IPv4
  229: behind(0), // IPv6
  9: ipInPpp,
  50: ipInPpp, // in frames as HDLC has them
  [LINK_ETHERNET]: behindEtherType({ typeAt: 12, headerBytes: 14 }),
  [LINK_SLL]: behindEtherType({ typeAt: 14, headerBytes: 16 }), // Linux "any"
  [LINK_SLL2]: behindEtherType({ typeAt: 0, headerBytes: 20 }),
  [LINK_802_11]: (bytes) => ipInWifi(bytes),
  [LINK_RADIOTAP]: ipInRadiotap,
};

function behind(headerBytes: number): ReadFrame {
  return (bytes) => bytes.subarray(headerBytes);
}

const MAX_LENGTH = 1500; // what is greater is an EtherType (IEEE 802.3 section 3.2.6)

function behindEtherType(
  { typeAt, headerBytes }: { readonly typeAt: number; readonly headerBytes: number },
): ReadFrame {
  return (bytes) => {
    const type = viewOf(bytes).getUint16(typeAt);
    const carried = bytes.subarray(headerBytes);
    return type <= MAX_LENGTH ? ipInLlc(carried) : ipOfType(type, carried);
  };
}

// LLC and SNAP before an EtherType (RFC 1042).
function ipInLlc(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const isSnap = view.byteLength >= 8 && view.getUint32(0) === 0xaaaa0300;
  return isSnap ? ipOfType(view.getUint16(6), bytes.subarray(8)) : undefined;
}

// The IP packet behind an EtherType, and behind what may stand between the two.
function ipOfType(type: number, bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  switch (type) {
    case 0x0800: // IPv4
    case 0x86dd: // IPv6
      return bytes;
    case 0x8100: // 802.1Q
    case 0x88a8: // 802.1ad
    case 0x9100: // the same, before that had a number
      return ipOfType(view.getUint16(2), bytes.subarray(4));
    case 0x8864: // PPPoE (RFC 2516)
      return ipInPpp(bytes.subarray(6));
    case 0x8847: // MPLS (RFC 3032), to the bottom of its stack
    case 0x8848: {
      if ((view.getUint8(2) & 1) === 0) return ipOfType(type, bytes.subarray(4));
      if ([4, 6].includes(view.getUint8(4) >> 4)) return bytes.subarray(4);
      throw new UnreadableFrame("of MPLS without IP, which is not understood");
    }
    case 0x88e5:
      throw new UnreadableFrame("of MACsec, which is not understood");
  }
  return undefined;
}

const PPP_PROTOCOLS: readonly number[] = [0x21, 0x57]; // IPv4 and IPv6

// PPP (RFC 1661), whose protocol may take one byte, with the address and control of RFC 1662 or not.
function ipInPpp(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const at = view.getUint16(0) === 0xff03 ? 2 : 0;
  const isShort = (view.getUint8(at) & 1) === 1;
  const protocol = isShort ? view.getUint8(at) : view.getUint16(at);
  return PPP_PROTOCOLS.includes(protocol) ? bytes.subarray(at + (isShort ? 1 : 2)) : undefined;
}

const ETHERNET_IN_GRE = 0x6558; // RFC 1701
const PPP_IN_GRE = 0x880b; // RFC 2637

/**
 * The IP packet that GRE carries (RFC 2784 and RFC 2890): its flags say which fields it has.
 *
 * @throws {UnreadableFrame}
 */
export function ipInGre(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const flags = view.getUint16(0);
  const type = view.getUint16(2);
  const fields = [0x8000, 0x2000, 0x1000, 0x0080].filter((flag) => flags & flag).length;
  const carried = bytes.subarray(4 + 4 * fields);
  if (type === ETHERNET_IN_GRE) return ipInFrame({ link: LINK_ETHERNET, bytes: carried });
  if (type === PPP_IN_GRE) return carried.length > 0 ? ipInPpp(carried) : undefined;
  const ip = ipOfType(type, carried);
  if (ip || type === 0) return ip; // 0: a keepalive
  const shown = type.toString(16).padStart(4, "0");
  throw new UnreadableFrame(`of GRE with EtherType 0x${shown}, which is not understood`);
}

const VXLAN_PORT = 4789;
const VXLAN_HEADER_BYTES = 8;

/** The frame in a datagram of VXLAN (RFC 7348); undefined in another. */
export function ethernetInVxlan(
  { to, payload }: { readonly to: string; readonly payload: Uint8Array },
): LinkFrame | undefined {
  if (!to.endsWith(`:${VXLAN_PORT}`) || payload[0] !== 0x08) return undefined; // its flags
  return { link: LINK_ETHERNET, bytes: payload.subarray(VXLAN_HEADER_BYTES) };
}

const FLAGS_FIELD = 1 << 1; // of a radiotap header: it has this field
const TIME_FIELD = 1 << 0; // eight bytes before it
const MORE_FIELDS = 1 << 31; // another word of them follows
const PADDED = 0x20; // the header of Wi-Fi, to a multiple of four bytes

// What a receiver knew of a frame (https://www.radiotap.org), in little-endian order.
function ipInRadiotap(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const fields = view.getUint32(4, true);
  let at = 8;
  for (let word = fields; word & MORE_FIELDS; at += 4) word = view.getUint32(at, true);
  if (fields & TIME_FIELD) at = Math.ceil(at / 8) * 8 + 8;
  const isPadded = (fields & FLAGS_FIELD) !== 0 && (view.getUint8(at) & PADDED) !== 0;
  return ipInWifi(bytes.subarray(view.getUint16(2, true)), { isPadded });
}

// IEEE 802.11: of data frames alone.
function ipInWifi(
  bytes: Uint8Array,
  { isPadded = false }: { readonly isPadded?: boolean } = {},
): Uint8Array | undefined {
  const view = viewOf(bytes);
  const [kind, flags] = [view.getUint8(0), view.getUint8(1)];
  const [isData, isEmpty, hasQos] = [(kind & 0x0c) === 0x08, kind & 0x40, kind & 0x80];
  if (!isData || isEmpty) return undefined;
  if (flags & 0x40) throw new UnreadableFrame("encrypted by Wi-Fi");
  const qosAt = (flags & 3) === 3 ? 30 : 24; // four addresses, or three
  if (hasQos && view.getUint8(qosAt) & 0x80) {
    throw new UnreadableFrame("of Wi-Fi with several packets in one, which is not understood");
  }
  const end = qosAt + (hasQos ? 2 : 0) + (hasQos && flags & 0x80 ? 4 : 0);
  const llc = isPadded ? Math.ceil(end / 4) * 4 : end;
  return ipInLlc(bytes.subarray(llc));
}
