/** Finding the IP packet behind an EtherType, or behind PPP. */
import { viewOf } from "../core/bytes.ts";
import { notUnderstood, UnreadableError } from "./unreadable.ts";

/** Finds the IP packet in what something else carries; undefined where that is no IP. */
export type FindIp = (bytes: Uint8Array) => Uint8Array | undefined;

/** The EtherType of MPLS. */
export const MPLS = 0x8847;

/** The EtherType of a frame of Ethernet. */
export const ETHERNET = 0x6558;

const MAX_LENGTH = 1500; // what is greater is an EtherType (IEEE 802.3 section 3.2.6)

/** The IP packet behind LLC, with SNAP (RFC 1042) or without. */
export function ipInLlc(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  if (view.byteLength >= 3 && view.getUint16(0) === 0x0606) return bytes.subarray(3);
  const isSnap = view.byteLength >= 8 && view.getUint32(0) === 0xaaaa0300;
  return isSnap ? ipOfType(view.getUint16(6), bytes.subarray(8)) : undefined;
}

/** EtherTypes of what may carry IP, and is not understood. */
const CARRIERS: Readonly<Record<number, string>> = {
  0x22eb: "ERSPAN",
  0x22f3: "TRILL",
  0x4305: "B.A.T.M.A.N.",
  0x6559: "Frame Relay",
  0x883e: "WCCP",
  0x8870: "LLC in a jumbo frame",
  0x88be: "ERSPAN",
  0x88e5: "MACsec",
  0x88e7: "a provider's backbone bridges",
  0x8903: "FabricPath",
  0x8909: "Cisco's metadata",
  0x8926: "VN-Tag",
  0x892f: "HSR",
  0x893f: "E-Tag",
  0x894f: "NSH",
};

/**
 * The IP packet behind an EtherType, or a length in its place, and behind what may stand between the
 * two; undefined where it is of something else.
 *
 * @throws {UnreadableError} where it may carry IP, and cannot be read
 */
export function ipOfType(type: number, bytes: Uint8Array): Uint8Array | undefined {
  for (let rest = bytes;;) {
    const view = viewOf(rest);
    if (type <= MAX_LENGTH) return ipInLlc(rest);
    const carrier = CARRIERS[type];
    if (carrier !== undefined) notUnderstood(carrier);
    switch (type) {
      case 0x0800: // IPv4
      case 0x86dd: // IPv6
        if (isIp(rest)) return rest;
        throw new UnreadableError("of another version than IPv4 and IPv6");
      case 0x8100: // 802.1Q
      case 0x88a8: // 802.1ad
      case 0x9100: // the same, before that had a number
        type = view.getUint16(2);
        rest = rest.subarray(4);
        continue;
      case ETHERNET:
        type = view.getUint16(12);
        rest = rest.subarray(14);
        continue;
      case 0x8864: // PPPoE (RFC 2516)
        return ipInPpp(rest.subarray(6));
      case MPLS: // to the bottom of its stack (RFC 3032)
      case 0x8848:
        rest = rest.subarray(4);
        if ((view.getUint8(2) & 1) === 0) continue;
        if (isIp(rest)) return rest;
        return notUnderstood("MPLS without IP");
    }
    return undefined;
  }
}

function isIp(bytes: Uint8Array): boolean {
  return [4, 6].includes(viewOf(bytes).getUint8(0) >> 4);
}

/** Protocols of PPP (https://www.iana.org/assignments/ppp-numbers). */
const PPP_IP: readonly number[] = [0x21, 0x57];
const PPP_BRIDGED = 0x31;
const PPP_MPLS: readonly number[] = [0x281, 0x283];
const PPP_PACKED: readonly number[] = [0x2d, 0x2f, 0x3d, 0x53, 0x55, 0xfb, 0xfd];

/**
 * The IP packet in PPP (RFC 1661), whose protocol may take one byte, with the address and control of
 * RFC 1662 or without.
 *
 * @throws {UnreadableError}
 */
export function ipInPpp(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const at = view.getUint16(0) === 0xff03 ? 2 : 0;
  const isShort = (view.getUint8(at) & 1) === 1;
  const protocol = isShort ? view.getUint8(at) : view.getUint16(at);
  if (PPP_PACKED.includes(protocol)) {
    throw new UnreadableError("compressed, encrypted or divided by PPP");
  }
  if (protocol === PPP_BRIDGED) notUnderstood("PPP between bridges");
  const carried = bytes.subarray(at + (isShort ? 1 : 2));
  if (PPP_MPLS.includes(protocol)) return ipOfType(MPLS, carried);
  return PPP_IP.includes(protocol) ? carried : undefined;
}
