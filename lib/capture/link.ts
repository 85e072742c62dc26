/** Finding the IP packet in a frame, by the link type of its capture. */
import { viewOf } from "../core/bytes.ts";
import { type FindIp, ipInPpp, ipOfType } from "./ether_type.ts";
import { LINK_802_11, LINK_ETHERNET, LINK_RADIOTAP, LINK_SLL, LINK_SLL2 } from "./pcap_format.ts";
import { notUnderstood } from "./unreadable.ts";
import { ipInRadiotap, ipInWifi } from "./wifi.ts";

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
 * @throws {UnreadableError}
 */
export function ipInFrame({ link, bytes }: LinkFrame): Uint8Array | undefined {
  const read = READERS[link];
  return read ? read(bytes) : notUnderstood(`link type ${link}`);
}

const READERS: Readonly<Record<number, FindIp>> = {
  0: behind(4), // BSD loopback
  9: ipInPpp,
  12: behind(0), // raw IP, as OpenBSD numbers it
  50: ipInHdlc,
  101: behind(0), // raw IP
  104: ipInHdlc,
  108: behind(4), // OpenBSD loopback
  228: behind(0), // IPv4
  229: behind(0), // IPv6
  [LINK_ETHERNET]: behindEtherType({ typeAt: 12, headerBytes: 14 }),
  [LINK_SLL]: behindEtherType({ typeAt: 14, headerBytes: 16 }), // Linux "any"
  [LINK_SLL2]: behindEtherType({ typeAt: 0, headerBytes: 20 }),
  [LINK_802_11]: ipInWifi,
  [LINK_RADIOTAP]: ipInRadiotap,
};

const CISCO: readonly number[] = [0x0f00, 0x8f00]; // to one, and to many

// With the EtherType that Cisco has in it, or PPP (RFC 1662).
function ipInHdlc(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  if (!CISCO.includes(view.getUint16(0))) return ipInPpp(bytes);
  return ipOfType(view.getUint16(2), bytes.subarray(4));
}

function behind(headerBytes: number): FindIp {
  return (bytes) => bytes.subarray(headerBytes);
}

function behindEtherType(
  { typeAt, headerBytes }: { readonly typeAt: number; readonly headerBytes: number },
): FindIp {
  return (bytes) => ipOfType(viewOf(bytes).getUint16(typeAt), bytes.subarray(headerBytes));
}
