/** Buffers are used again, and no byte of them is ever changed under its reader. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { byteReadable, byteWritable, pump } from "../../../lib/net/streams.ts";
import { SocketDuplex } from "../../../lib/net/duplex.ts";
import { FakeSocket, NOWHERE } from "../../fakes.ts";
import { randomBytes, randomWords } from "../../helpers.ts";

/** Lets whatever is ready run that many times: the same for the same seed. */
async function dawdle(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

/** Delivers bytes in pieces of random sizes, after random pauses. */
function unevenSource(bytes: Uint8Array, random: () => number) {
  let at = 0;
  return {
    async read(into: Uint8Array): Promise<number | null> {
      await dawdle(random() % 20);
      if (at === bytes.length) return null;
      const length = Math.min(1 + random() % into.length, bytes.length - at);
      into.set(bytes.subarray(at, at + length));
      at += length;
      return length;
    },
  };
}

/** Takes pieces of random sizes, and looks at each only after a random pause. */
function slowSink(random: () => number) {
  const taken: number[] = [];
  return {
    taken,
    async write(bytes: Uint8Array): Promise<number> {
      await dawdle(random() % 40);
      const length = 1 + random() % bytes.length;
      taken.push(...bytes.subarray(0, length));
      return length;
    },
  };
}

/** A stage as a fault is one: it works on a chunk, slowly, and passes it on. */
function slowStage(random: () => number): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    async transform(chunk, controller) {
      await dawdle(random() % 20);
      controller.enqueue(chunk);
    },
  });
}

for (const stages of [0, 1, 2, 3]) {
  Deno.test(`no byte is corrupted with ${stages} stages and a slow reader`, async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = randomWords(1000 * stages + seed);
      const bytes = randomBytes(200 + random() % 5000, seed);
      const sink = slowSink(random);
      let readable: ReadableStream<Uint8Array> = byteReadable(unevenSource(bytes, random), {
        stages,
        firstBuffer: 16,
      });
      for (let stage = 0; stage < stages; stage++) {
        readable = readable.pipeThrough(slowStage(random));
      }
      await pump(readable, byteWritable(sink));
      assertEquals(new Uint8Array(sink.taken), bytes, `seed ${seed}, ${stages} stages`);
    }
  });
}

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
  const reader = byteReadable(source).getReader();
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
  for await (const _ of byteReadable(source));
  assertEquals(sizes.slice(0, 7), [1024, 4096, 16_384, 65_536, 262_144, 524_288, 524_288]);
  assertEquals(sizes.at(-1), 1024);
});

for (const stages of [0, 1]) {
  const through = (readable: ReadableStream<Uint8Array>) =>
    stages ? readable.pipeThrough(new TransformStream()) : readable;

  Deno.test(`the end of the source closes the sink (${stages} stages)`, async () => {
    const ends: string[] = [];
    const sink = byteWritable(new FakeSocket([]), {
      close: () => void ends.push("close"),
      abort: () => void ends.push("abort"),
    });
    await pump(through(byteReadable(new FakeSocket([new Uint8Array(3)]))), sink);
    assertEquals(ends, ["close"]);
  });

  Deno.test(`a source that fails aborts the sink, after what it delivered (${stages} stages)`, async () => {
    const ends: string[] = [];
    const socket = new FakeSocket([]);
    const sink = byteWritable(socket, {
      close: () => void ends.push("close"),
      abort: () => void ends.push("abort"),
    });
    const source = new FakeSocket([new Uint8Array(3)], new Error("broken"));
    const error = await pump(through(byteReadable(source)), sink).catch((error) => error);
    assertEquals([error.message, ends], ["broken", ["abort"]]);
    if (stages === 0) assertEquals(socket.written.length, 3);
  });

  Deno.test(`a sink that fails stops the reading (${stages} stages)`, async () => {
    let reads = 0;
    const source = {
      read: () => Promise.resolve(++reads < 1000 ? 1 : null),
    };
    const sink = byteWritable({ write: () => Promise.reject(new Error("full")) });
    const error = await pump(through(byteReadable(source)), sink).catch((error) => error);
    assertEquals(error.message, "full");
    assertLess(reads, 10);
  });
}

Deno.test("what passes is seen and counted on both sides, byte for byte", async () => {
  const bytes = randomBytes(10_000);
  const seen: Record<string, number[]> = { one: [], other: [], sent: [] };
  const socket = new FakeSocket([bytes]);
  const peer = new SocketDuplex(socket, NOWHERE);
  peer.observe({ received: (chunk) => seen.one!.push(...chunk) });
  peer.observe({
    received: (chunk) => seen.other!.push(...chunk),
    sent: (chunk) => seen.sent!.push(...chunk),
  });
  await pump(peer.readable, peer.writable);
  for (const all of Object.values(seen)) assertEquals(new Uint8Array(all), bytes);
  assertEquals(socket.written, bytes);
  const { received, sent, chunks } = peer.traffic;
  assertEquals([received, sent], [10_000, 10_000]);
  assert(chunks > 1);
});
