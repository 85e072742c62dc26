/** Faults that change while a connection is open. */
import { assert, assertEquals } from "@std/assert";
import { delay, systemClock, turn } from "../../../lib/core/clock.ts";
import { seeded } from "../../../lib/core/random.ts";
import { DelayLine, type Treatment } from "../../../lib/faults/delay_line.ts";
import type { Outlet } from "../../../lib/faults/outlet.ts";
import { FaultyDuplex } from "../../../lib/faults/faulty_duplex.ts";
import type { StrikingFault } from "../../../lib/faults/lines.ts";
import { parseFault } from "../../../lib/faults/parse.ts";
import { pump } from "../../../lib/net/pump.ts";
import type { SystemSocket } from "../../../lib/net/linux/system_socket.ts";
import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { FakeClock, FakeSocket, NOWHERE } from "../../support/fakes.ts";
import { randomBytes } from "../../support/bytes.ts";

const striking = (text: string): StrikingFault => ({
  spec: parseFault(text),
  random: () => seeded(1),
  shared: new Map(),
});

const CHANGING = [
  ...["latency:3ms,jitter=2ms", "bandwidth:20MB/s", "slicer:5000", "stall:3ms", "slow_close:5ms"],
  ...["latency:1ms,direction=both", "corrupt:0", "stall:2ms,direction=in"],
];

for (let seed = 1; seed <= 5; seed++) {
  Deno.test("many small chunks pass through a line that was let go, one behind the other", () => {
    let passed = 0;
    const end: Outlet = {
      full: false,
      onRoom() {},
      push: () => void passed++,
      end() {},
      close() {},
    };
    const clock = new FakeClock();
    const held: Treatment = { chunk: (bytes, emit) => emit(bytes, Infinity) };
    const second = new DelayLine(held, { next: end, clock });
    const first = new DelayLine(held, { next: second, clock });
    for (let count = 0; count < 50_000; count++) first.push(new Uint8Array(1));
    second.letGo();
    first.letGo();
    assertEquals(passed, 50_000);
  });

  Deno.test(`faults come and go in the middle of a transfer: nothing lost, doubled or reordered, seed ${seed}`, async () => {
    const random = seeded(seed);
    const bytes = randomBytes(3_000_000, seed);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 7777) chunks.push(bytes.subarray(at, at + 7777));
    const socket = new FakeSocket(chunks);
    const control = { clock: systemClock, fired() {}, end() {} };
    const peer = new FaultyDuplex(new SocketDuplex(socket, NOWHERE), { striking: [], control });
    let current: StrikingFault[] = [];
    let over = false;
    const done = pump(peer, peer).finally(() => over = true);
    for (let changes = 0; changes < 200 && !over; changes++) {
      await (random() < 0.5 ? turn(systemClock) : delay(random() * 3, { clock: systemClock }));
      const added = striking(CHANGING[Math.floor(random() * CHANGING.length)]!);
      current = [...current.filter(() => random() < 0.6), added].slice(-4);
      peer.setFaults(current);
    }
    peer.setFaults([]);
    await done;
    assertEquals(socket.events, ["closeWrite"]);
    assert(
      socket.written.length === bytes.length && socket.written.every((b, i) => b === bytes[i]),
    );
    peer.close();
  });
}

Deno.test("a fault that goes lets go at once of what it held, the end included; one that stays goes on", async () => {
  const clock = new FakeClock();
  const socket = new FakeSocket([new Uint8Array([1]), new Uint8Array([2])]);
  const control = { clock, fired() {}, end() {} };
  const [long, short] = [striking("latency:1h"), striking("latency:5s")];
  const inner = new SocketDuplex(socket, NOWHERE);
  const peer = new FaultyDuplex(inner, { striking: [long, short], control });
  const done = pump(peer, peer);
  for (let count = 0; count < 5; count++) await turn(systemClock);
  assertEquals(socket.written.length, 0);
  peer.setFaults([short]);
  for (let count = 0; count < 5; count++) await turn(systemClock);
  assertEquals(socket.written.length, 0);
  clock.advance(5000);
  for (let count = 0; count < 5; count++) await turn(systemClock);
  assertEquals([...socket.written], [1, 2]);
  clock.advance(1);
  await done;
  assertEquals(socket.events, ["closeWrite"]);
});

Deno.test("a fault that comes strikes the next chunk of a connection that had none", async () => {
  const clock = new FakeClock();
  const waiting = Promise.withResolvers<number>();
  const written: Uint8Array[] = [];
  const socket = {
    reads: 0,
    read: (into: Uint8Array) =>
      socket.reads++ ? new Promise<never>(() => {}) : (into[0] = 7, waiting.promise),
    write: (bytes: Uint8Array) => (written.push(bytes.slice()), Promise.resolve(bytes.length)),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const control = { clock, fired() {}, end() {} };
  const peer = new FaultyDuplex(new SocketDuplex(socket, NOWHERE), { striking: [], control });
  pump(peer, peer).catch(() => {});
  peer.setFaults([striking("latency:1s,direction=in")]);
  waiting.resolve(1);
  for (let count = 0; count < 5; count++) await turn(systemClock);
  assertEquals(written.length, 0);
  clock.advance(1000);
  for (let count = 0; count < 5; count++) await turn(systemClock);
  assertEquals(written, [new Uint8Array([7])]);
  peer.close();
});

Deno.test("a fault that goes while the service is slow to read loses nothing", async () => {
  const chunks = [1, 2, 3, 4].map((value) => Uint8Array.of(value));
  const more = chunks.map(() => Promise.withResolvers<Uint8Array>());
  const socket = new FakeSocket([]);
  let reads = 0;
  socket.read = async (into) => {
    const chunk = await more[reads++]?.promise;
    if (!chunk) return null;
    into.set(chunk);
    return chunk.length;
  };
  const control = { clock: new FakeClock(), fired() {}, end() {} };
  const fault = striking("slicer:5000,direction=in");
  const inner = new SocketDuplex(socket, NOWHERE);
  const peer = new FaultyDuplex(inner, { striking: [fault], control });
  const settled = async () => {
    for (let count = 0; count < 5; count++) await turn(systemClock);
  };
  const first = peer.read();
  for (const [index, chunk] of chunks.entries()) {
    if (index === 2) peer.setFaults([]); // the second chunk waits to be read
    more[index]!.resolve(chunk);
    await settled();
  }
  const got = [await first, await peer.read(), await peer.read(), await peer.read()];
  assertEquals(got, chunks);
  assertEquals(await peer.read(), null);
  peer.close();
});

Deno.test("a peer that is gone while a fault holds its answer is reset, as watchers see", async () => {
  const socket = {
    read: () => new Promise<never>(() => {}),
    write: () => Promise.reject(new Deno.errors.BrokenPipe()),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const system = { reset() {} } as SystemSocket;
  const control = { clock: systemClock, fired() {}, end() {} };
  const inner = new SocketDuplex(socket, { ...NOWHERE, system });
  const peer = new FaultyDuplex(inner, { striking: [striking("latency:5ms")], control });
  const ends: string[] = [];
  peer.observe({ closed: (how) => void ends.push(how) });
  await peer.write(new Uint8Array(10));
  await peer.resetWhenWritten();
  peer.close();
  assertEquals(ends, ["reset"]);
});
