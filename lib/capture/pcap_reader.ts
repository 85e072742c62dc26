/** Reading capture files: pcapng and pcap. */

import { BLOCK_TYPE, BYTE_ORDER_MAGIC, OPTION_CODE, PCAP_MAGIC } from "./pcap_format.ts";

/** A packet as it was captured. */
export interface CapturedPacket {
  /** When it was seen, in milliseconds since 1970. */
  readonly at: number;
  /** What its headers begin with (https://www.tcpdump.org/linktypes.html). */
  readonly link: number;
  /** What was captured of it, which may be less than all. */
  readonly bytes: Uint8Array;
}

/**
 * The packets of a capture, or undefined where the bytes are none. A file that was cut off ends
 * before its last packet.
 */
export function readCapture(bytes: Uint8Array): Iterable<CapturedPacket> | undefined {
  if (bytes.length < 24) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) === BLOCK_TYPE.section) return readPcapng(view);
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === PCAP_MAGIC.microseconds) return readPcap(view, { little, perSecond: 1e6 });
    if (magic === PCAP_MAGIC.nanoseconds) return readPcap(view, { little, perSecond: 1e9 });
  }
  return undefined;
}

function* readPcap(
  view: DataView,
  { little, perSecond }: { readonly little: boolean; readonly perSecond: number },
): Generator<CapturedPacket> {
  const link = view.getUint32(20, little) & 0xffff;
  for (let at = 24; at + 16 <= view.byteLength;) {
    const length = view.getUint32(at + 8, little);
    if (at + 16 + length > view.byteLength) return;
    const time = view.getUint32(at, little) + view.getUint32(at + 4, little) / perSecond;
    yield { at: time * 1000, link, bytes: slice(view, { at: at + 16, length }) };
    at += 16 + length;
  }
}

interface Interface {
  readonly link: number;
  readonly perSecond: number;
}

function* readPcapng(view: DataView): Generator<CapturedPacket> {
  let little = true;
  let interfaces: Interface[] = [];
  for (let at = 0; at + 12 <= view.byteLength;) {
    const isSection = view.getUint32(at) === BLOCK_TYPE.section;
    if (isSection) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || at + length > view.byteLength) return;
    const body = new DataView(view.buffer, view.byteOffset + at + 8, length - 12);
    if (type === BLOCK_TYPE.interface && !isSection && body.byteLength >= 8) {
      interfaces.push(readInterface(body, little));
    }
    const packet = type === BLOCK_TYPE.enhancedPacket && !isSection &&
      readPacket(body, { little, interfaces });
    if (packet) yield packet;
    at += length;
  }
}

function readInterface(body: DataView, little: boolean): Interface {
  const link = body.getUint16(0, little);
  for (let at = 8; at + 5 <= body.byteLength;) {
    const [code, length] = [body.getUint16(at, little), body.getUint16(at + 2, little)];
    if (code === OPTION_CODE.timestampResolution && length === 1) {
      const exponent = body.getUint8(at + 4); // of 2 where its highest bit is set, else of 10
      return { link, perSecond: (exponent & 128 ? 2 : 10) ** (exponent & 127) };
    }
    at += 4 + length + (-length & 3);
  }
  return { link, perSecond: 1e6 };
}

function readPacket(
  body: DataView,
  { little, interfaces }: { readonly little: boolean; readonly interfaces: readonly Interface[] },
): CapturedPacket | undefined {
  if (body.byteLength < 20) return undefined;
  const from = interfaces[body.getUint32(0, little)];
  const length = body.getUint32(12, little);
  if (!from || 20 + length > body.byteLength) return undefined;
  const time = body.getUint32(4, little) * 2 ** 32 + body.getUint32(8, little);
  const at = time / from.perSecond * 1000;
  return { at, link: from.link, bytes: slice(body, { at: 20, length }) };
}

function slice(
  view: DataView,
  { at, length }: { readonly at: number; readonly length: number },
): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
