/** Building packets: Ethernet, IP, and TCP or UDP around payload. */
import type { InetAddress } from "../net/address.ts";
import { bigEndian, ipBytes } from "../net/ip.ts";

/** The flags of a TCP segment (RFC 9293 section 3.1). */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

/** The most payload that an IPv4 packet holds beside its headers. */
export const MAX_PAYLOAD_BYTES = 65_535 - 20 - 32;

const TCP = 6;
const UDP = 17;
const WINDOW = 0xffff;
const WINDOW_SCALE = 14; // of the window, the largest there is (RFC 7323 section 2.2)

/** The addresses of a packet. */
export interface PacketPath {
  readonly from: InetAddress;
  readonly to: InetAddress;
}

/** A TCP segment. */
export interface TcpSegment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly payload?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The frame of a TCP segment. */
export function tcpFrame(
  path: PacketPath,
  { flags, sequence, acknowledged, payload = NOTHING }: TcpSegment,
): Uint8Array {
  // Each SYN announces a large window, so that no segment has to wait for an acknowledgement.
  const options = flags & SYN ? [2, 4, ...bigEndian(MAX_PAYLOAD_BYTES), 1, 3, 3, WINDOW_SCALE] : [];
  const header = new Uint8Array([
    ...bigEndian(path.from.port),
    ...bigEndian(path.to.port),
    ...bigEndian32(sequence),
    ...bigEndian32(acknowledged),
    (20 + options.length) << 2,
    flags,
    ...bigEndian(WINDOW),
    0,
    0,
    0,
    0,
    ...options,
  ]);
  return frame(path, { protocol: TCP, header, payload, sumAt: 16 });
}

/** The frame of a UDP datagram (RFC 768). */
export function udpFrame(path: PacketPath, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array([
    ...bigEndian(path.from.port),
    ...bigEndian(path.to.port),
    ...bigEndian(8 + payload.length),
    0,
    0,
  ]);
  return frame(path, { protocol: UDP, header, payload, sumAt: 6 });
}

function frame(
  { from, to }: PacketPath,
  { protocol, header, payload, sumAt }: {
    readonly protocol: number;
    readonly header: Uint8Array;
    readonly payload: Uint8Array;
    /** Where in the header its checksum is. */
    readonly sumAt: number;
  },
): Uint8Array {
  const [source, target] = [addressBytes(from), addressBytes(to)];
  const sixth = source.length === 16 || target.length === 16;
  const length = header.length + payload.length;
  const ip = sixth
    ? [0x60, 0, 0, 0, ...bigEndian(length), protocol, 64, ...wide(source), ...wide(target)]
    : withSum([
      ...[0x45, 0, ...bigEndian(20 + length), 0, 0, 0x40, 0, 64, protocol, 0, 0],
      ...source,
      ...target,
    ]);
  const ethernet = [...MAC_ADDRESSES, ...(sixth ? [0x86, 0xdd] : [0x08, 0x00])];
  const start = ethernet.length + ip.length;
  const whole = new Uint8Array(start + length);
  whole.set(ethernet);
  whole.set(ip, ethernet.length);
  whole.set(header, start);
  whole.set(payload, start + header.length);
  const pseudo = [
    ...(sixth ? ip.slice(8, 40) : ip.slice(12, 20)),
    0,
    protocol,
    ...bigEndian(length),
  ];
  const sum = checksum(whole.subarray(start), add(pseudo));
  // 0 says that there is none, over UDP alone (RFC 768).
  whole.set(bigEndian(sum || (protocol === UDP ? 0xffff : 0)), start + sumAt);
  return whole;
}

// Locally administered addresses (IEEE 802).
const MAC_ADDRESSES = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

function addressBytes({ hostname }: InetAddress): readonly number[] {
  return ipBytes(hostname.replace(/%.*/, ""));
}

// An IPv4 address among IPv6 ones (RFC 4291 section 2.5.5.2).
function wide(address: readonly number[]): readonly number[] {
  return address.length === 16 ? address : [...Array<number>(10).fill(0), 255, 255, ...address];
}

function withSum(header: number[]): number[] {
  const [high = 0, low = 0] = bigEndian(checksum(new Uint8Array(header), 0));
  return [...header.slice(0, 10), high, low, ...header.slice(12)];
}

// The Internet checksum (RFC 1071).
function checksum(bytes: Uint8Array, start: number): number {
  let sum = start;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes[at]! << 8 | bytes[at + 1]!;
  if (bytes.length & 1) sum += bytes.at(-1)! << 8;
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function add(bytes: readonly number[]): number {
  return 0xffff - checksum(new Uint8Array(bytes), 0);
}

function bigEndian32(number: number): number[] {
  return [number >>> 24, number >>> 16 & 255, number >>> 8 & 255, number & 255];
}
