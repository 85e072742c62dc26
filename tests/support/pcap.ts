/** Captures for tests. */
import { concat } from "@std/bytes/concat";
import { PCAP_MAGIC } from "../../lib/capture/pcap_format.ts";

/** A capture as tcpdump writes it; packets are half a second apart. */
export function pcap(
  packets: readonly Uint8Array[],
  { link, little = true, magic = PCAP_MAGIC.microseconds, perSecond = 1e6, snap = Infinity }: {
    readonly link: number;
    readonly little?: boolean;
    readonly magic?: number;
    readonly perSecond?: number;
    /** At most so many bytes of each packet are kept. */
    readonly snap?: number;
  },
): Uint8Array {
  const words = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, index) => view.setUint32(index * 4, value, little));
    return new Uint8Array(view.buffer);
  };
  return concat([
    words(magic, 0x00040002, 0, 0, 65535, link),
    ...packets.flatMap((packet, index) => {
      const kept = packet.subarray(0, snap);
      return [words(1e9, index * perSecond / 2, kept.length, packet.length), kept];
    }),
  ]);
}
