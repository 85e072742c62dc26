/** The blocks of a capture file (draft-ietf-opsawg-pcapng), little-endian. */
import {
  BLOCK_TYPE,
  BYTE_ORDER_MAGIC,
  LINK_ETHERNET,
  OPTION_CODE,
  TLS_KEY_LOG,
} from "./pcap_format.ts";
import { concat } from "@std/bytes/concat";

const NANOSECONDS = 9; // 10 to the power of -9

/** A packet to be written. */
export interface Packet {
  /** When it was seen, in milliseconds since 1970. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly comment?: string | undefined;
}

/** What a file begins with: a section of one Ethernet interface, times in nanoseconds. */
export function fileHeader(
  { application, name }: { readonly application: string; readonly name: string },
): Uint8Array {
  const section = new Uint8Array(16);
  const view = new DataView(section.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true); // version 1.0
  view.setBigInt64(8, -1n, true); // a length that is not known
  const link = new Uint8Array(8);
  new DataView(link.buffer).setUint16(0, LINK_ETHERNET, true);
  return concat([
    block(BLOCK_TYPE.section, [section, option(OPTION_CODE.application, text(application)), END]),
    block(BLOCK_TYPE.interface, [
      link,
      option(OPTION_CODE.interfaceName, text(name)),
      option(OPTION_CODE.timestampResolution, new Uint8Array([NANOSECONDS])),
      END,
    ]),
  ]);
}

/** An enhanced packet block. */
export function packetBlock({ at, bytes, comment }: Packet): Uint8Array {
  const head = new Uint8Array(20);
  const view = new DataView(head.buffer);
  const time = BigInt(Math.round(at * 1000)) * 1000n; // a number holds no nanoseconds since 1970
  view.setUint32(4, Number(time >> 32n), true);
  view.setUint32(8, Number(time & 0xffffffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, bytes.length, true);
  const options = comment ? [option(OPTION_CODE.comment, text(comment)), END] : [];
  return block(BLOCK_TYPE.enhancedPacket, [head, padded(bytes), ...options]);
}

/** A decryption secrets block: lines of a TLS key log, for the packets that follow. */
export function secretsBlock(lines: Uint8Array): Uint8Array {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, TLS_KEY_LOG, true);
  view.setUint32(4, lines.length, true);
  return block(BLOCK_TYPE.decryptionSecrets, [head, padded(lines)]);
}

const END = new Uint8Array(4); // opt_endofopt

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  return concat([head, ...parts, head.subarray(4)]);
}

function option(code: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  return concat([head, padded(value)]);
}

// To a multiple of 32 bits.
function padded(bytes: Uint8Array): Uint8Array {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : concat([bytes, new Uint8Array(missing)]);
}

function text(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
