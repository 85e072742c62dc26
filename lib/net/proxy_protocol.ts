/**
 * The PROXY protocol, versions 1 and 2: the addresses of a connection that a proxy passes on,
 * sent before anything else (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt).
 */
import type { Reader } from "../core/io.ts";
import { isIPv4, isIPv6 } from "node:net";
import { type ConnectionAddresses, type InetAddress, isInet, socketAddress } from "./address.ts";
import { NetworkError } from "../core/errors.ts";
import { bigEndian, canonicalIp, ipBytes, ipText } from "./ip.ts";

// "\r\n\r\n\0\r\nQUIT\n", which no line of text begins with.
const SIGNATURE = new Uint8Array([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]);
const MAX_LINE_BYTES = 107; // bytes, as the specification counts for version 1
const FAMILIES: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["TCP4", isIPv4],
  ["TCP6", isUnzonedIPv6],
]);
const MAX_ADDRESS_BYTES = 36; // two IPv6 addresses and ports
const SKIPPED_AT_ONCE = 512; // bytes, as a header of 16 bytes may announce 64 KiB
const ADDRESS_LENGTHS: Readonly<Record<number, number>> = { 1: 4, 2: 16 };

/**
 * Reads a header and not a byte more. Returns undefined for a connection of the proxy itself
 * (`UNKNOWN`, `LOCAL`).
 *
 * @throws {NetworkError} saying what is wrong with the header
 */
export async function readProxyHeader(
  from: Reader,
  transport: string,
): Promise<ConnectionAddresses | undefined> {
  // No header is shorter than the signature of version 2.
  const start = await readExactly(from, SIGNATURE.length);
  if (start.every((byte, index) => byte === SIGNATURE[index])) return await readV2(from, transport);
  const line = new TextDecoder("latin1").decode(start);
  if (line.startsWith("PROXY ")) return parseV1(await readLine(from, line), transport);
  throw malformed("it does not begin with one; is the peer a proxy that sends it?");
}

/**
 * Writes the header for a connection. What is no TCP connection is `UNKNOWN` or `LOCAL`; where one
 * end is IPv4 and the other IPv6, the first is written as IPv4-mapped.
 */
export function proxyHeader(
  { local, remote }: ConnectionAddresses,
  { version }: { version: "1" | "2" },
): Uint8Array<ArrayBuffer> {
  const known = isInet(local) && isInet(remote);
  if (version === "1") {
    return new TextEncoder().encode(known ? lineV1(remote, local) : "PROXY UNKNOWN\r\n");
  }
  if (!known) return new Uint8Array([...SIGNATURE, 0x20, 0, 0, 0]);
  const addresses = oneFamily(remote, local).flatMap(ipBytes);
  const body = [...addresses, ...bigEndian(remote.port), ...bigEndian(local.port)];
  const family = addresses.length === 8 ? 0x11 : 0x21; // TCP over IPv4 or IPv6
  return new Uint8Array([...SIGNATURE, 0x21, family, ...bigEndian(body.length), ...body]);
}

function lineV1(remote: InetAddress, local: InetAddress): string {
  const addresses = oneFamily(remote, local);
  const family = addresses[0]!.includes(":") ? "TCP6" : "TCP4";
  return `PROXY ${family} ${addresses.join(" ")} ${remote.port} ${local.port}\r\n`;
}

function oneFamily(...ends: InetAddress[]): string[] {
  const names = ends.map(({ hostname }) => hostname);
  const mixed = names.some((name) => name.includes(":"));
  return names.map((name) => mixed && !name.includes(":") ? `::ffff:${name}` : name);
}

async function readLine(from: Reader, start: string): Promise<string> {
  let line = start;
  // A byte at a time: what follows the line belongs to the service.
  while (!line.endsWith("\r\n")) {
    if (line.length >= MAX_LINE_BYTES) {
      throw malformed(`no line end within ${MAX_LINE_BYTES} bytes`);
    }
    line += String.fromCharCode((await readExactly(from, 1))[0]!);
  }
  return line.slice(0, -2);
}

function parseV1(line: string, transport: string): ConnectionAddresses | undefined {
  const [, family, source, destination, ...ports] = line.split(" ");
  if (family === "UNKNOWN") return undefined;
  const valid = FAMILIES.get(family ?? "");
  if (!valid) throw malformed(`"${family}" is none of TCP4, TCP6 and UNKNOWN`);
  if (!valid(source ?? "") || !valid(destination ?? "")) {
    throw malformed(`"${line}" has no two ${family} addresses`);
  }
  if (
    ports.length !== 2 || !ports.every((port) => /^(0|[1-9]\d{0,4})$/.test(port) && +port < 65536)
  ) {
    throw malformed(`"${line}" does not end in two ports`);
  }
  const end = (hostname: string, port: string) =>
    socketAddress(transport, { transport: "tcp", hostname: canonicalIp(hostname), port: +port });
  return { remote: end(source!, ports[0]!), local: end(destination!, ports[1]!) };
}

async function readV2(from: Reader, transport: string): Promise<ConnectionAddresses | undefined> {
  const head = await readExactly(from, 4);
  const [versionAndCommand, family] = head as Iterable<number> as [number, number];
  const bodyBytes = head[2]! << 8 | head[3]!;
  const body = await readExactly(from, Math.min(bodyBytes, MAX_ADDRESS_BYTES));
  await skip(from, bodyBytes - body.length); // extensions, or addresses that are not known here
  if (versionAndCommand >> 4 !== 2) throw malformed(`version ${versionAndCommand >> 4} is not 2`);
  const command = versionAndCommand & 15;
  if (command > 1) throw malformed(`command ${command} is neither LOCAL nor PROXY`);
  const length = ADDRESS_LENGTHS[family >> 4];
  if (command === 0 || length === undefined) return undefined;
  if (body.length < 2 * length + 4) throw malformed(`${bodyBytes} bytes hold no two addresses`);
  const view = new DataView(body.buffer);
  const end = (at: number, port: number) => {
    const hostname = ipText(body.subarray(at, at + length));
    return socketAddress(transport, { transport: "tcp", hostname, port: view.getUint16(port) });
  };
  return { remote: end(0, 2 * length), local: end(length, 2 * length + 2) };
}

function isUnzonedIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function malformed(what: string): NetworkError {
  return new NetworkError(`malformed PROXY header: ${what}`);
}

async function skip(from: Reader, length: number): Promise<void> {
  for (let left = length; left > 0; left -= SKIPPED_AT_ONCE) {
    await readExactly(from, Math.min(left, SKIPPED_AT_ONCE));
  }
}

async function readExactly(from: Reader, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await from.read(bytes.subarray(at));
    if (count === null) throw malformed("the peer ended before it was complete");
    at += count;
  }
  return bytes;
}
