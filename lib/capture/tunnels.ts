/** Finding what tunnels through IP carry: GRE, VXLAN and Geneve. */
import { ipInPpp, ipOfType, UnreadableError } from "./ether_type.ts";
import { viewOf } from "./ip_header.ts";
import { ipInFrame } from "./link.ts";
import { portOf } from "./transport_packet.ts";
import { LINK_ETHERNET } from "./pcap_format.ts";

const ETHERNET = 0x6558; // RFC 1701
const PPP_IN_GRE = 0x880b; // RFC 2637
const HAS_ROUTING = 0x4000; // RFC 1701
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
  if (flags & HAS_ROUTING) {
    throw new UnreadableError("of GRE with routing, which is not understood");
  }
  const carried = bytes.subarray(4 + 4 * fields);
  if (type === PPP_IN_GRE) return carried.length > 0 ? ipInPpp(carried) : undefined;
  if (ERSPAN.includes(type)) throw new UnreadableError("of ERSPAN, which is not understood");
  return ipInTunnel(type, carried);
}

function ipInTunnel(type: number, carried: Uint8Array): Uint8Array | undefined {
  return type === ETHERNET ? ipInEthernet(carried) : ipOfType(type, carried);
}

function ipInEthernet(bytes: Uint8Array): Uint8Array | undefined {
  return ipInFrame({ link: LINK_ETHERNET, bytes });
}

const HEADER_BYTES = 8; // of VXLAN, and of Geneve without options
const HAS_NETWORK = 0x08; // a flag of VXLAN; others are for extensions
const OPTIONS = 0x3f; // their length in words, in the first byte of Geneve

type ReadTunnel = (bytes: Uint8Array) => Uint8Array | undefined;

const vxlan: ReadTunnel = (bytes) =>
  bytes[0]! & HAS_NETWORK ? ipInEthernet(bytes.subarray(HEADER_BYTES)) : undefined;

const geneve: ReadTunnel = (bytes) =>
  ipInTunnel(
    viewOf(bytes).getUint16(2),
    bytes.subarray(HEADER_BYTES + 4 * (bytes[0]! & OPTIONS)),
  );

/** By their ports. */
const TUNNELS: Readonly<Record<number, ReadTunnel>> = {
  4789: vxlan, // RFC 7348
  6081: geneve, // RFC 8926
};

/**
 * The IP packet that a datagram carries, by the port it is sent to; undefined where it is of no tunnel.
 *
 * @throws {UnreadableError}
 */
export function ipInDatagram(
  { to, payload }: { readonly to: string; readonly payload: Uint8Array },
): Uint8Array | undefined {
  if (payload.length < HEADER_BYTES) return undefined;
  return TUNNELS[portOf(to)]?.(payload);
}
