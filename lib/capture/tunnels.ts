/** Finding the IP packet that tunnels carry: GRE, and those in datagrams. */
import { viewOf } from "../core/bytes.ts";
import { ETHERNET, type FindIp, ipInPpp, ipOfType, MPLS } from "./ether_type.ts";
import { portOf, type TransportPacket } from "./transport_packet.ts";
import { notUnderstood, UnreadableError } from "./unreadable.ts";

const LEAST_BYTES = 24; // of a datagram that carries an IP packet
const FIRST_CHOSEN_PORT = 1024; // one below it has its service, whatever the other one is
const PPP_IN_GRE = 0x880b; // RFC 2637
const HAS_ROUTING = 0x4000; // RFC 1701

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
  if (flags & HAS_ROUTING) notUnderstood("GRE with routing");
  const carried = bytes.subarray(4 + 4 * fields);
  if (type === PPP_IN_GRE) return carried.length > 0 ? ipInPpp(carried) : undefined;
  return ipOfType(type, carried);
}

/** Tunnels by their port, as Wireshark knows them. */
const TUNNELS: Readonly<Record<number, FindIp>> = {
  1701(bytes) { // a control message carries no packet, nor does another version (RFC 2661, RFC 3931)
    const [flags, version] = [viewOf(bytes).getUint8(0), viewOf(bytes).getUint8(1) & 15];
    return flags & 0x80 || (version !== 2 && version !== 3) ? undefined : notUnderstood("L2TP");
  },
  2152(bytes) { // messages of other types carry none (3GPP TS 29.281)
    return viewOf(bytes).getUint8(1) === 0xff ? notUnderstood("GTP") : undefined;
  },
  3544: () => notUnderstood("Teredo"),
  4341: () => notUnderstood("LISP"),
  4500(bytes) { // behind zeros there is IKE, and a keepalive is a byte (RFC 3948)
    if (viewOf(bytes).getUint32(0) === 0) return undefined;
    throw new UnreadableError("encrypted by IPsec");
  },
  4789: (bytes) => ipOfType(ETHERNET, bytes.subarray(8)), // VXLAN (RFC 7348)
  4790: () => notUnderstood("VXLAN-GPE"),
  6081(bytes) { // Geneve, with the length of its options (RFC 8926)
    const view = viewOf(bytes);
    return ipOfType(view.getUint16(2), bytes.subarray(8 + 4 * (view.getUint8(0) & 0x3f)));
  },
  6635: (bytes) => ipOfType(MPLS, bytes), // RFC 7510
};

/**
 * The IP packet that a datagram carries, as its ports have it; undefined where it carries none.
 *
 * @throws {UnreadableError}
 */
export function ipInDatagram(
  { from, to, payload, missing }: TransportPacket,
): Uint8Array | undefined {
  if (payload.length + missing < LEAST_BYTES) return undefined;
  const [source, target] = [portOf(from), portOf(to)];
  if (Math.min(source, target) < FIRST_CHOSEN_PORT) return undefined;
  const read = TUNNELS[target] ?? TUNNELS[source];
  return read?.(payload);
}
