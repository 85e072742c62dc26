/** Whole transfers over a connection of the runtime. */
import { assert } from "@std/assert";
import { connect as nodeConnect, type Socket } from "node:net";

/** Sends bytes, half-closes, and returns all that comes back. */
export async function echoThrough(
  conn: Deno.Conn,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const sending = writeAll(conn, bytes).then(() => conn.closeWrite());
  const [received] = await Promise.all([readAll(conn), sending]);
  conn.close();
  return received;
}

/**
 * Sends bytes and checks each as it comes back, keeping none; returns how many came as sent. No
 * more than 512 KiB are under way: hundreds of clients with more would run the kernel out of TCP
 * memory (net.ipv4.tcp_mem), and then it drops segments and backs off for minutes.
 */
export async function countEchoes(conn: Deno.Conn, bytes: Uint8Array): Promise<number> {
  const slice = 512 * 1024;
  for (let at = 0; at < bytes.length; at += slice) {
    const sent = bytes.subarray(at, at + slice);
    const [back] = await Promise.all([readExactly(conn, sent.length), writeAll(conn, sent)]);
    const wrong = back.findIndex((byte, index) => byte !== sent[index]);
    if (wrong >= 0) return at + wrong;
  }
  await conn.closeWrite();
  const rest = await readAll(conn);
  conn.close();
  return bytes.length + rest.length;
}

/** Writes every byte. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}

/** Reads to the peer's FIN. */
export async function readAll(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: BlobPart[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const length = await conn.read(buffer);
    if (length === null) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(buffer.slice(0, length));
  }
}

/** Reads exactly this many bytes. */
export async function readExactly(conn: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    assert(count !== null, `the peer ended after ${at} of ${length} bytes`);
    at += count;
  }
  return bytes;
}

/** A connection whose `resetAndDestroy` sends RST: before it is open, that would send FIN. */
export function resettable(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = nodeConnect({ host: "127.0.0.1", port }, () => resolve(socket));
  socket.on("error", reject);
  return promise;
}
