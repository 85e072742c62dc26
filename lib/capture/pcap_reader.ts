/** Reading capture files: pcapng and pcap. */

import { viewOf } from "../core/bytes.ts";
import { formatCount, formatQuantity } from "../core/units.ts";
import type { LinkFrame } from "./link.ts";
import { BLOCK_TYPE, BYTE_ORDER_MAGIC, OPTION_CODE, PCAP_MAGIC } from "./pcap_format.ts";

/** A packet as it was captured. */
export interface CapturedPacket extends LinkFrame {
  /** When it was seen, in milliseconds since 1970. */
  readonly at: number;
  /** How many bytes at its end were not captured; less than 0 where the file contradicts itself. */
  readonly cut: number;
}

/** What of a capture could not be read, in words. */
export type OnTrouble = (what: string) => void;

/**
 * The packets of a capture, or undefined where the bytes are none. Where the file was cut off or is
 * damaged, the packets end, and `onTrouble` is told.
 */
export function readCapture(
  bytes: Uint8Array,
  onTrouble: OnTrouble = () => {},
): Iterable<CapturedPacket> | undefined {
  if (bytes.length < 24) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0) === BLOCK_TYPE.section) return readPcapng(view, onTrouble);
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    const format = { little, onTrouble };
    if (magic === PCAP_MAGIC.microseconds) return readPcap(view, { ...format, perSecond: 1e6 });
    if (magic === PCAP_MAGIC.nanoseconds) return readPcap(view, { ...format, perSecond: 1e9 });
  }
  return undefined;
}

function* readPcap(
  view: DataView,
  { little, perSecond, onTrouble }: {
    readonly little: boolean;
    readonly perSecond: number;
    readonly onTrouble: OnTrouble;
  },
): Generator<CapturedPacket> {
  const link = view.getUint32(20, little) & 0xffff;
  let at = 24;
  while (at + 16 <= view.byteLength) {
    const [length, whole] = [view.getUint32(at + 8, little), view.getUint32(at + 12, little)];
    const time = view.getUint32(at, little) + view.getUint32(at + 4, little) / perSecond;
    // Zeros are what a program leaves that reserves room, and crashes.
    const isNone = length === 0 && whole === 0 && time === 0;
    if (isNone || length > view.byteLength - at - 16) return onTrouble(endsWithin("packet", at));
    yield { at: time * 1000, link, ...packetAt(view, { at: at + 16, length, whole }) };
    at += 16 + length;
  }
  if (at < view.byteLength) onTrouble(endsWithin("packet", at));
}

function endsWithin(what: string, at: number): string {
  return `the file ends, or is damaged, within the ${what} at byte ${formatCount(at)}`;
}

interface Interface {
  readonly link: number;
  readonly perSecond: number;
  /** To be added to its times, in milliseconds. */
  readonly offsetMs: number;
  /** At most so many bytes of a packet were captured. */
  readonly snapLength: number;
}

function* readPcapng(view: DataView, onTrouble: OnTrouble): Generator<CapturedPacket> {
  let interfaces: Interface[] = [];
  let last = 0; // the time of a packet, in milliseconds: simple blocks have none
  const broken: number[] = []; // where blocks are that have no whole packet
  for (const { type, at, body, little } of blocksOf(view, onTrouble)) {
    if (type === BLOCK_TYPE.section) interfaces = [];
    if (type === BLOCK_TYPE.interface && body.byteLength >= 8) {
      interfaces.push(readInterface(body, little));
    }
    const read = PACKET_BLOCKS[type];
    if (!read) continue;
    const packet = read(body, { little, interfaces, last });
    if (!packet) broken.push(at);
    else {
      last = packet.at;
      yield packet;
    }
  }
  if (broken.length === 0) return;
  const count = formatQuantity(broken.length, "block");
  const first = formatCount(broken[0]!);
  onTrouble(`${count} without a whole packet of a known interface, the first at byte ${first}`);
}

interface Block {
  readonly type: number;
  /** Where in the file it begins. */
  readonly at: number;
  readonly body: DataView;
  readonly little: boolean;
}

function* blocksOf(view: DataView, onTrouble: OnTrouble): Generator<Block> {
  let little = true;
  for (let at = 0; at < view.byteLength;) {
    const left = view.byteLength - at;
    if (left < 12) return onTrouble(endsWithin("block", at));
    if (view.getUint32(at) === BLOCK_TYPE.section) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length > left) return onTrouble(endsWithin("block", at));
    if (view.getUint32(at + length - 4, little) !== length) {
      return onTrouble(`the lengths at the ends of the block at byte ${formatCount(at)} differ`);
    }
    const body = new DataView(view.buffer, view.byteOffset + at + 8, length - 12);
    yield { type: view.getUint32(at, little), at, body, little };
    at += length;
  }
}

function readInterface(body: DataView, little: boolean): Interface {
  let [perSecond, offsetMs] = [1e6, 0];
  for (let at = 8; at + 5 <= body.byteLength;) {
    const [code, length] = [body.getUint16(at, little), body.getUint16(at + 2, little)];
    if (code === OPTION_CODE.timestampResolution && length === 1) {
      const exponent = body.getUint8(at + 4); // of 2 where its highest bit is set, else of 10
      perSecond = (exponent & 128 ? 2 : 10) ** (exponent & 127);
    } else if (code === OPTION_CODE.timestampOffset && length === 8 && at + 12 <= body.byteLength) {
      offsetMs = Number(body.getBigInt64(at + 4, little)) * 1000;
    }
    at += 4 + length + (-length & 3);
  }
  const snapLength = body.getUint32(4, little) || Infinity;
  return { link: body.getUint16(0, little), perSecond, offsetMs, snapLength };
}

interface Section {
  readonly little: boolean;
  readonly interfaces: readonly Interface[];
  /** When the last packet was seen. */
  readonly last: number;
}

/** Reads a block's packet; undefined where it is not whole, or of no interface that was described. */
type ReadPacket = (body: DataView, section: Section) => CapturedPacket | undefined;

const PACKET_BLOCKS: Readonly<Record<number, ReadPacket>> = {
  [BLOCK_TYPE.enhancedPacket]: timedPacket("getUint32"),
  [BLOCK_TYPE.obsoletePacket]: timedPacket("getUint16"),
  [BLOCK_TYPE.simplePacket](body, { little, interfaces: [from], last }) {
    if (!from || body.byteLength < 4) return undefined;
    const whole = body.getUint32(0, little);
    const length = Math.min(whole, from.snapLength);
    if (4 + length > body.byteLength) return undefined;
    return { at: last, link: from.link, ...packetAt(body, { at: 4, length, whole }) };
  },
};

// Two blocks differ in how wide the number of the interface is, which they begin with.
function timedPacket(readNumber: "getUint16" | "getUint32"): ReadPacket {
  return (body, { little, interfaces }) => {
    if (body.byteLength < 20) return undefined;
    const from = interfaces[body[readNumber](0, little)];
    const [length, whole] = [body.getUint32(12, little), body.getUint32(16, little)];
    if (!from || 20 + length > body.byteLength) return undefined;
    const time = body.getUint32(4, little) * 2 ** 32 + body.getUint32(8, little);
    const at = time / from.perSecond * 1000 + from.offsetMs;
    return { at, link: from.link, ...packetAt(body, { at: 20, length, whole }) };
  };
}

function packetAt(
  view: DataView,
  { at, length, whole }: { readonly at: number; readonly length: number; readonly whole: number },
): Pick<CapturedPacket, "bytes" | "cut"> {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length);
  return { bytes, cut: (whole || length) - length }; // some programs write 0
}
