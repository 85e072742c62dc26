/** Buffers are used again, and no chunk is changed before its reader asks for the next one. */
import { assertEquals } from "@std/assert";
import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { chunksOf, readableFrom } from "../../../lib/net/streams.ts";
import { FakeSocket, NOWHERE } from "../../support/fakes.ts";

Deno.test("one buffer serves all reads, and a chunk stays its reader's until the next", async () => {
  const buffers = new Set<ArrayBufferLike>();
  let reads = 0;
  const source = {
    read(into: Uint8Array): Promise<number | null> {
      buffers.add(into.buffer);
      into.fill(++reads);
      return Promise.resolve(reads > 100 ? null : 10);
    },
  };
  const reader = readableFrom(chunksOf(source)).getReader();
  for (let expected = 1; expected <= 100; expected++) {
    const { value } = await reader.read();
    assertEquals(value, new Uint8Array(10).fill(expected));
    assertEquals(reads, expected); // it does not read ahead
  }
  assertEquals(buffers.size, 1);
});

Deno.test("buffers grow while reads fill them, to 512 KiB, and shrink again", async () => {
  const sizes: number[] = [];
  const source = {
    read(into: Uint8Array): Promise<number | null> {
      sizes.push(into.length);
      if (sizes.length > 1000) return Promise.resolve(null);
      return Promise.resolve(sizes.length <= 20 ? into.length : 64);
    },
  };
  for await (const _ of readableFrom(chunksOf(source)));
  assertEquals(sizes.slice(0, 7), [1024, 4096, 16_384, 65_536, 262_144, 524_288, 524_288]);
  assertEquals(sizes.at(-1), 1024);
});

Deno.test("web streams of a peer: made once, closed as a half-close, aborted as a close", async () => {
  const socket = new FakeSocket([new Uint8Array([1, 2])]);
  const peer = new SocketDuplex(socket, NOWHERE);
  assertEquals([peer.readable, peer.writable], [peer.readable, peer.writable]);
  assertEquals(await Array.fromAsync(peer.readable), [new Uint8Array([1, 2])]);
  const writer = peer.writable.getWriter();
  await writer.write(new Uint8Array([3, 4, 5]));
  await writer.close();
  assertEquals([socket.events, socket.written], [["closeWrite"], new Uint8Array([3, 4, 5])]);

  const other = new FakeSocket([]);
  await new SocketDuplex(other, NOWHERE).writable.abort();
  assertEquals(other.events, ["close"]);
});

Deno.test("a write goes to the system in pieces of a MiB at most, whose progress is seen", async () => {
  const pieces: number[] = [];
  const socket = Object.assign(new FakeSocket([]), {
    write(bytes: Uint8Array) {
      pieces.push(bytes.length);
      return pieces.length < 3 ? Promise.resolve(bytes.length) : new Promise<number>(() => {});
    },
  });
  const duplex = new SocketDuplex(socket, NOWHERE);
  void duplex.write(new Uint8Array(5 * 2 ** 20));
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assertEquals([pieces, duplex.traffic.sent], [Array(3).fill(2 ** 20), 2 * 2 ** 20]);
});
