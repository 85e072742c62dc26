/** Finding the IP packet in a frame, by the link type of its capture. */
import { viewOf } from "./ip_header.ts";
import { LINK_802_11, LINK_ETHERNET, LINK_RADIOTAP, LINK_SLL, LINK_SLL2 } from "./pcap_format.ts";

/** A frame that cannot be read, with what it is: `encrypted by Wi-Fi`. */
export class UnreadableFrame extends Error {}

/**
 * The IP packet in a frame; undefined where it carries something else. Throws RangeError where the
 * bytes end before it does.
 *
 * @throws {UnreadableFrame}
 */
export function ipInFrame(
  { link, bytes }: { readonly link: number; readonly bytes: Uint8Array },
): Uint8Array | undefined {
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
  [LINK_ETHERNET]: behindEtherType({ typeAt: 12, headerBytes: 14 }),
  [LINK_SLL]: behindEtherType({ typeAt: 14, headerBytes: 16 }), // Linux "any"
  [LINK_SLL2]: behindEtherType({ typeAt: 0, headerBytes: 20 }),
  [LINK_802_11]: (bytes) => ipInWifi(bytes),
  [LINK_RADIOTAP]: ipInRadiotap,
};

function behind(headerBytes: number): ReadFrame {
  return (bytes) => bytes.subarray(headerBytes);
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

function behindEtherType(
  { typeAt, headerBytes }: { readonly typeAt: number; readonly headerBytes: number },
): ReadFrame {
  return (bytes) => ipOfType(viewOf(bytes).getUint16(typeAt), bytes.subarray(headerBytes));
}

// The IP packet behind an EtherType, and behind what may stand between the two.
function ipOfType(type: number, bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  switch (type) {
    case IPV4:
    case IPV6:
      return bytes;
    case 0x8100: // 802.1Q
    case 0x88a8: // 802.1ad
      return ipOfType(view.getUint16(2), bytes.subarray(4));
    case 0x8864: // PPPoE (RFC 2516), and the protocol of PPP
      return [0x0021, 0x0057].includes(view.getUint16(6)) ? bytes.subarray(8) : undefined;
    case 0x8847: { // MPLS (RFC 3032), to the bottom of its stack
      const isLast = (view.getUint8(2) & 1) === 1;
      return isLast ? bytes.subarray(4) : ipOfType(type, bytes.subarray(4));
    }
    case 0x6558: // a frame of Ethernet, carried by GRE
      return ipInFrame({ link: LINK_ETHERNET, bytes });
  }
  return undefined;
}

/** The IP packet that GRE carries (RFC 2784 and RFC 2890): its flags say which fields it has. */
export function ipInGre(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const fields = [0x8000, 0x2000, 0x1000].filter((flag) => view.getUint16(0) & flag).length;
  return ipOfType(view.getUint16(2), bytes.subarray(4 + 4 * fields));
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

// IEEE 802.11: of data frames alone, and with LLC and SNAP before what they carry (RFC 1042).
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
  const isSnap = view.getUint32(llc) === 0xaaaa0300;
  return isSnap ? ipOfType(view.getUint16(llc + 6), bytes.subarray(llc + 8)) : undefined;
}
