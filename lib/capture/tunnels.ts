/** Finding what tunnels through IP carry: GRE and VXLAN. */
import { ipInPpp, ipOfType, UnreadableError } from "./ether_type.ts";
import { viewOf } from "./ip_header.ts";
import { ipInFrame, type LinkFrame } from "./link.ts";
import { LINK_ETHERNET } from "./pcap_format.ts";

const ETHERNET_IN_GRE = 0x6558; // RFC 1701
const PPP_IN_GRE = 0x880b; // RFC 2637
const ERSPAN: readonly number[] = [0x88be, 0x22eb];

/**
 * The IP packet that GRE carries (RFC 2784, RFC 2890 and RFC 2637): its flags say which fields it has.
 *
 * @throws {UnreadableError}
 */
export function ipInGre(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const flags = view.getUint16(0);
  const type = view.getUint16(2);
  const fields = [0x8000, 0x2000, 0x1000, 0x0080].filter((flag) => flags & flag).length;
  const carried = bytes.subarray(4 + 4 * fields);
  if (type === ETHERNET_IN_GRE) return ipInFrame({ link: LINK_ETHERNET, bytes: carried });
  if (type === PPP_IN_GRE) return carried.length > 0 ? ipInPpp(carried) : undefined;
  if (ERSPAN.includes(type)) throw new UnreadableError("of ERSPAN, which is not understood");
  return ipOfType(type, carried);
}

const VXLAN_PORT = 4789;
const VXLAN_HEADER_BYTES = 8;
const HAS_NETWORK = 0x08; // a flag; others are for extensions

/** The frame in a datagram of VXLAN (RFC 7348); undefined in another. */
export function ethernetInVxlan(
  { to, payload }: { readonly to: string; readonly payload: Uint8Array },
): LinkFrame | undefined {
  if (!to.endsWith(`:${VXLAN_PORT}`) || payload.length < VXLAN_HEADER_BYTES) return undefined;
  if ((payload[0]! & HAS_NETWORK) === 0) return undefined;
  return { link: LINK_ETHERNET, bytes: payload.subarray(VXLAN_HEADER_BYTES) };
}
