/** IP addresses as bytes and as text. */

/**
 * The bytes of a literal address: 4 or 16.
 *
 * @example
 * ```ts
 * import { ipBytes } from "./ip.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipBytes("192.0.2.1"), [192, 0, 2, 1]);
 * assertEquals(ipBytes("2001:db8::1").slice(0, 4), [0x20, 0x01, 0x0d, 0xb8]);
 * ```
 */
export function ipBytes(address: string): number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  const { hostname } = new URL(`http://[${address}]`);
  const [head = [], tail = []] = hostname.slice(1, -1).split("::").map((half) =>
    half.split(":").filter((group) => group !== "")
  );
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].flatMap((group) => bigEndian(parseInt(group, 16)));
}

/** Whether a host is this machine by name or address, whatever the name server says. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Writes 4 or 16 bytes as an address. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => bytes[2 * at]! << 8 | bytes[2 * at + 1]!);
  return canonicalIp(groups.map((group) => group.toString(16)).join(":"));
}

/** The canonical text of an address (RFC 5952). Throws a TypeError for anything else. */
export function canonicalIp(address: string): string {
  // URL normalises it, except the IPv4 part of a mapped address (section 5).
  const { hostname } = new URL(address.includes(":") ? `http://[${address}]` : `http://${address}`);
  const mapped = /^\[::ffff:(\w+):(\w+)\]$/.exec(hostname);
  if (!mapped) return hostname.replace(/^\[(.*)\]$/, "$1");
  const words = mapped.slice(1).flatMap((word) => bigEndian(parseInt(word, 16)));
  return `::ffff:${words.join(".")}`;
}

/** The two bytes of a 16-bit number, as the network orders them. */
export function bigEndian(number: number): [number, number] {
  return [number >> 8, number & 255];
}
