/** Finding the IP packet in a frame of Wi-Fi. */
import { viewOf } from "../core/bytes.ts";
import { ipInLlc } from "./ether_type.ts";
import { notUnderstood, UnreadableError } from "./unreadable.ts";

const FLAGS_FIELD = 1 << 1; // of a radiotap header: it has this field
const TIME_FIELD = 1 << 0; // eight bytes before it
const MORE_FIELDS = 1 << 31; // another word of them follows
const PADDED = 0x20; // the header of Wi-Fi, to a multiple of four bytes

/**
 * The IP packet behind what a receiver knew of a frame (https://www.radiotap.org), in little-endian
 * order.
 *
 * @throws {UnreadableError}
 */
export function ipInRadiotap(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const fields = view.getUint32(4, true);
  let at = 8;
  for (let word = fields; word & MORE_FIELDS; at += 4) word = view.getUint32(at, true);
  if (fields & TIME_FIELD) at = Math.ceil(at / 8) * 8 + 8;
  const isPadded = (fields & FLAGS_FIELD) !== 0 && (view.getUint8(at) & PADDED) !== 0;
  return ipInWifi(bytes.subarray(view.getUint16(2, true)), { isPadded });
}

/**
 * The IP packet in a data frame (IEEE 802.11).
 *
 * @throws {UnreadableError} where it is encrypted, or not understood
 */
export function ipInWifi(
  bytes: Uint8Array,
  { isPadded = false }: { readonly isPadded?: boolean } = {},
): Uint8Array | undefined {
  const view = viewOf(bytes);
  const [kind, flags] = [view.getUint8(0), view.getUint8(1)];
  const [isData, isEmpty, hasQos] = [(kind & 0x0c) === 0x08, kind & 0x40, kind & 0x80];
  if (!isData || isEmpty) return undefined;
  if (flags & 0x40) throw new UnreadableError("encrypted by Wi-Fi");
  if (flags & 4 || view.getUint8(22) & 15) throw new UnreadableError("of Wi-Fi in fragments");
  const qosAt = (flags & 3) === 3 ? 30 : 24; // four addresses, or three
  if (hasQos && view.getUint8(qosAt) & 0x80) {
    return notUnderstood("Wi-Fi with several packets in one");
  }
  const end = qosAt + (hasQos ? 2 : 0) + (hasQos && flags & 0x80 ? 4 : 0);
  const llc = isPadded ? Math.ceil(end / 4) * 4 : end;
  return ipInLlc(bytes.subarray(llc));
}
