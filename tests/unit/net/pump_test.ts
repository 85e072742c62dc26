/** A pump moves every byte once, in order, and ends as its source does. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { pump } from "../../../lib/net/pump.ts";
import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { chunksOf, chunksTo } from "../../../lib/net/streams.ts";
import { FakeSocket, NOWHERE } from "../../support/fakes.ts";
import { randomBytes, randomWords } from "../../support/bytes.ts";

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

Deno.test("no byte is changed under a slow reader", async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = randomWords(seed);
    const bytes = randomBytes(200 + random() % 5000, seed);
    const sink = slowSink(random);
    await pump(chunksOf(unevenSource(bytes, random), 16), chunksTo(sink));
    assertEquals(new Uint8Array(sink.taken), bytes, `seed ${seed}`);
  }
});

Deno.test("the end of the input half-closes the output", async () => {
  const socket = new FakeSocket([new Uint8Array(3)]);
  const peer = new SocketDuplex(socket, NOWHERE);
  await pump(peer, peer);
  assertEquals(socket.events, ["closeWrite"]);
});

Deno.test("an input that fails leaves the output open, after what it delivered", async () => {
  const socket = new FakeSocket([new Uint8Array(3)], new Error("broken"));
  const peer = new SocketDuplex(socket, NOWHERE);
  const error = await pump(peer, peer).catch((error) => error);
  assertEquals([error.message, socket.events, socket.written.length], ["broken", [], 3]);
});

Deno.test("an output that fails stops the reading", async () => {
  let reads = 0;
  const from = chunksOf({ read: () => Promise.resolve(++reads < 1000 ? 1 : null) });
  const to = chunksTo({ write: () => Promise.reject(new Error("full")) });
  const error = await pump(from, to).catch((error) => error);
  assertEquals(error.message, "full");
  assertLess(reads, 10);
});

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
  await pump(peer, peer);
  for (const all of Object.values(seen)) assertEquals(new Uint8Array(all), bytes);
  assertEquals(socket.written, bytes);
  const { received, sent, chunks } = peer.traffic;
  assertEquals([received, sent], [10_000, 10_000]);
  assert(chunks > 1);
});
