import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { pump } from "../../../lib/net/pump.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type Clock, systemClock, turn } from "../../../lib/core/clock.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import type { EndpointFaults } from "../../../lib/faults/endpoint_faults.ts";
import { planFaults } from "../../../lib/faults/plan.ts";
import { MemoryBudget } from "../../../lib/core/memory_budget.ts";
import { DelayLine, type Treatment } from "../../../lib/faults/delay_line.ts";
import { FaultWindow } from "../../../lib/faults/window.ts";
import { parseFault, readFaults } from "../../../lib/faults/parse.ts";
import { faults } from "../../../lib/faults/kinds.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { withPatterns } from "../../../lib/core/byte_pattern.ts";
import { seeded } from "../../../lib/core/random.ts";
import { datagramPeer } from "../../../lib/net/transports/udp/datagrams.ts";
import { FakeClock, FakePeer, FakeSocket, NOWHERE } from "../../support/fakes.ts";
import { randomBytes } from "../../support/bytes.ts";

const pieces = (bytes: Uint8Array<ArrayBuffer>, length: number) =>
  Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.slice(index * length, (index + 1) * length),
  );

await withPatterns(() => parseFault("latency:1s,match=/START/")); // loads their engine

function planOf(texts: readonly string[], seed = 1, framed = false): Pick<EndpointFaults, "apply"> {
  const carries = [framed ? "datagrams" : "streams"] as const;
  const target = { names: [], seedName: "test", carries };
  const { endpoints } = planFaults({ fault: texts, faults: [], seed, targets: [target] });
  return endpoints[0] ?? { apply: (peer) => peer };
}

interface Run {
  readonly socket: FakeSocket;
  readonly events: string[];
  readonly ended: string[];
  readonly done: Promise<void>;
  readonly peer: Duplex;
}

/** An echo through faults. */
function echo(
  texts: readonly string[],
  { chunks, seed = 1, connection = 1, clock = systemClock }: {
    chunks: readonly Uint8Array[];
    seed?: number;
    connection?: number;
    clock?: Clock;
  },
): Run {
  const socket = new FakeSocket(chunks);
  const [events, ended]: string[][] = [[], []];
  const inner = new SocketDuplex(socket, NOWHERE);
  const peer = planOf(texts, seed).apply(inner, {
    clock,
    connection,
    fired: (fault, { detail }) => void events!.push(`${fault} ${detail}`),
    end: (how, fault) => void ended!.push(`${how} ${fault}`),
  });
  return { socket, events: events!, ended: ended!, peer, done: pump(peer, peer) };
}

for (const { name, summary, example, options, main } of faults) {
  Deno.test(`fault ${name}: describes itself, and its example is one`, () => {
    assertMatch(summary, /^\S.{5,90}[^.\s]$/);
    assertEquals(parseFault(example).fault.name, name);
    if (main) assert(Object.hasOwn(options, main));
    for (const option of Object.values(options)) assert(option.summary.length > 2);
  });
}

for (
  const text of [
    "latency:2ms,jitter=1ms",
    "bandwidth:50MB/s",
    "slicer:100,size_variation=50",
    "slow_close:3ms",
    "stall:5ms",
    "corrupt:0",
    "latency:1ms,jitter=1ms,distribution=pareto",
    "latency:0",
    "noop",
    "retransmit:2%,rto=3ms",
    "slicer:50,size_variation=50",
    "bandwidth:50MB/s,shared=true",
    "bandwidth:0,until=5ms",
    "stall,until=5ms",
  ]
) {
  Deno.test(`fault ${text}: conserves bytes and their order, then passes the end on`, async () => {
    const bytes = randomBytes(20_000);
    const { socket, done, peer } = echo([text, "slicer:700"], { chunks: pieces(bytes, 1777) });
    await done;
    assertEquals(socket.written, bytes);
    assertEquals(socket.events, ["closeWrite"]);
    peer.close();
    peer.close();
    assertEquals(socket.events, ["closeWrite", "close"]);
  });

  Deno.test(`fault ${text}: a peer that fails makes the service fail with the same error`, async () => {
    const socket = new FakeSocket([new Uint8Array(9)], new Deno.errors.ConnectionReset("gone"));
    const plan = planOf([`${text},direction=both`]);
    const control = { clock: systemClock, connection: 1, fired() {}, end() {} };
    const peer = plan.apply(new SocketDuplex(socket, NOWHERE), control);
    const error = await pump(peer, peer).catch((error) => error);
    assert(error instanceof Deno.errors.ConnectionReset, `${error}`);
    peer.close();
  });
}

Deno.test("no fault for this connection: the peer itself, at no cost", () => {
  const peer = new SocketDuplex(new FakeSocket([]), NOWHERE);
  const control = { clock: systemClock, connection: 3, fired() {}, end() {} };
  assert(planOf(["latency:1s,connections=4"]).apply(peer, control) === peer);
  assert(planOf(["latency:1s,connections=every 2"]).apply(peer, control) === peer);
  assert(planOf(["latency:1s,toxicity=0"]).apply(peer, control) === peer);
  assert(planOf(["latency:1s,connections=1-3"]).apply(peer, control) !== peer);
});

Deno.test("toxicity strikes as many connections as it says, the same for the same seed", () => {
  const plan = planOf(["timeout:1s,toxicity=30%"], 11);
  const struck = () =>
    Array.from({ length: 1000 }, (_, connection) => {
      const peer = new SocketDuplex(new FakeSocket([]), NOWHERE);
      const control = { clock: new FakeClock(), connection, fired() {}, end() {} };
      return plan.apply(peer, control) !== peer;
    });
  const once = struck();
  const count = once.filter((one) => one).length;
  assert(count > 250 && count < 350, `${count}`);
  assertEquals(struck(), once);
});

Deno.test("corrupt: the seed says which bits, however the stream is cut", async () => {
  const bytes = new Uint8Array(50_000);
  const run = async (length: number, seed: number) => {
    const { socket, done, events, peer } = echo(["corrupt:1%"], {
      chunks: pieces(bytes, length),
      seed,
    });
    await done;
    peer.close();
    const flipped = socket.written.filter((byte) => byte !== 0);
    assert(flipped.every((byte) => (byte & (byte - 1)) === 0)); // one bit of each
    assertEquals(events.length, flipped.length);
    return socket.written;
  };
  const one = await run(1000, 5);
  assertEquals(await run(777, 5), one);
  const count = one.filter((byte) => byte !== 0).length;
  assert(count > 400 && count < 600, `${count}`);
  assert((await run(1000, 6)).some((byte, index) => byte !== one[index]));
});

Deno.test("limit_data: exactly so many bytes, then the end of the connection", async () => {
  const bytes = randomBytes(5000);
  const { socket, done, events, ended, peer } = echo(["limit_data:1234"], {
    chunks: pieces(bytes, 500),
  });
  await done;
  assertEquals(ended, ["close limit_data"]);
  assertEquals(socket.written, bytes.slice(0, 1234));
  assertEquals(events, ["limit_data closes after 1,234 bytes"]);
  assertEquals(socket.events, ["closeWrite"]);
  peer.close();
});

Deno.test("slicer: pieces within the variation, by the seed", async () => {
  const bytes = randomBytes(3000);
  const sizes: number[] = [];
  const { done, peer } = echo(["slicer:50,size_variation=20"], { chunks: [bytes] });
  peer.observe({ sent: ({ length }) => void sizes.push(length) });
  await done;
  peer.close();
  assert(Math.max(...sizes) <= 35, `${sizes}`); // the fake socket takes half of what it is given
  assert(Math.max(...sizes) > 25, `${sizes}`);
});

Deno.test("after, until and match: in force from here to there, to the byte", async () => {
  const bytes = new Uint8Array(1000);
  const flipped = async (when: string) => {
    const { socket, done, peer } = echo([`corrupt:100%,${when}`], { chunks: pieces(bytes, 300) });
    await done;
    peer.close();
    return [...socket.written.entries()].filter(([, byte]) => byte !== 0).map(([at]) => at);
  };
  const range = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => from + at);
  assertEquals(await flipped("after=450"), range(450, 1000));
  assertEquals(await flipped("until=10"), range(0, 10));
  assertEquals(await flipped("after=299,until=301"), range(299, 301));

  const text = new TextEncoder().encode("hello STARTTLS world");
  const { socket, done, peer } = echo(["corrupt:100%,match=/START+TLS/"], {
    chunks: [text.slice(0, 8), text.slice(8, 16), text.slice(16)],
  });
  await done;
  peer.close();
  const same = text.findIndex((byte, index) => byte !== socket.written[index]);
  assertEquals(same, 8); // the chunk that completes the match is the first
});

Deno.test("timers: reset_peer strikes with no data flowing; timeout closes; both are forgotten at the end", async () => {
  const clock = new FakeClock();
  const silent = new SocketDuplex({
    read: () => new Promise(() => {}),
    write: ({ length }) => Promise.resolve(length),
    closeWrite: () => Promise.resolve(),
    close() {},
  }, NOWHERE);
  const ended: string[] = [];
  const plan = planOf(["reset_peer:2s,after=1s", "timeout:5s"]);
  const end = (how: string, fault: string) => void ended.push(`${how} ${fault}`);
  const peer = plan.apply(silent, { clock, connection: 1, fired() {}, end });
  clock.advance(2999);
  assertEquals(ended, []);
  clock.advance(1);
  assertEquals(ended, ["reset reset_peer"]);
  clock.advance(2000);
  await turn(systemClock);
  clock.advance(2000); // in which the peer might have ended as well
  await turn(systemClock);
  assertEquals(ended, ["reset reset_peer", "close timeout"]);
  const again = plan.apply(silent, { clock, connection: 2, fired() {}, end });
  again.close();
  assertEquals(clock.waiting, 0);
  peer.close();
  await Promise.resolve();
});

Deno.test("timeout with since_last: each chunk puts the close off; without it none does", async () => {
  for (
    const [text, early, late] of [
      ["timeout:50ms,direction=in,since_last=true", 79, 80],
      ["timeout:50ms,direction=in", 49, 50],
    ] as const
  ) {
    const clock = new FakeClock();
    const inner = new FakePeer({ onWrite() {} });
    const fired: string[] = [];
    const peer = planOf([text]).apply(inner, {
      clock,
      connection: 1,
      fired: (_, { detail }) => void fired.push(detail),
      end() {},
    });
    const reading = peer.read();
    await pass(clock, 30);
    inner.say(new Uint8Array(1));
    await pass(clock, early - 30);
    assertEquals(fired, ["swallows everything"]);
    await pass(clock, late - early);
    assertEquals(fired, ["swallows everything", "closes after 50 ms"]);
    peer.close();
    await reading.catch(() => {});
  }
});

/** Lets everything happen that needs no time, then a millisecond pass, so many times. */
async function pass(clock: FakeClock, milliseconds: number): Promise<void> {
  for (let count = 0; count <= milliseconds; count++) {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    if (count < milliseconds) clock.advance(1);
  }
}

for (
  const [text, lengths, moments] of [
    ["latency:20ms", [5, 5], [20, 20, "end 20"]],
    ["bandwidth:1KB/s", [20, 10], [10, 20, 30, "end 30"]],
    ["slicer:10,delay=5ms", [15, 15], [0, 5, 10, 15, "end 15"]],
    ["slow_close:40ms", [5], [0, "end 40"]],
    ["stall:50ms", [5, 5], [50, 50, "end 50"]],
    ["latency:20ms,until=5", [5, 5], [20, 20, "end 20"]],
    ["stall:30ms,after=5", [5, 5], [0, 30, "end 30"]],
  ] as const
) {
  Deno.test(`fault ${text}: at its moments`, async () => {
    const clock = new FakeClock();
    const chunks = lengths.map((length) => new Uint8Array(length));
    const seen: (number | string)[] = [];
    const socket = new FakeSocket(chunks);
    const whole = {
      read: (into: Uint8Array) => socket.read(into),
      write: ({ length }: Uint8Array) => Promise.resolve(length),
      closeWrite: () => Promise.resolve(void seen.push(`end ${Math.round(clock.now())}`)),
      close() {},
    };
    const control = { clock, connection: 1, fired() {}, end() {} };
    const plan = planOf([text]);
    const peer = plan.apply(new SocketDuplex(whole, NOWHERE), control);
    peer.observe({ sent: () => void seen.push(Math.round(clock.now())) });
    const done = pump(peer, peer);
    await pass(clock, 100);
    assertEquals(seen, [...moments]);
    peer.close();
    await done;
  });
}

Deno.test("latency with jitter: within it, and not always the same", async () => {
  const clock = new FakeClock();
  const seen: number[] = [];
  for (let connection = 1; connection <= 20; connection++) {
    const began = clock.now();
    const socket = new FakeSocket([new Uint8Array(1)]);
    const plan = planOf(["latency:20ms,jitter=10ms"], 4);
    const control = { clock, connection, fired() {}, end() {} };
    const peer = plan.apply(new SocketDuplex(socket, NOWHERE), control);
    peer.observe({ sent: () => void seen.push(Math.round(clock.now() - began)) });
    pump(peer, peer).catch(() => {});
    await pass(clock, 40);
    peer.close();
  }
  assert(Math.min(...seen) >= 10 && Math.max(...seen) <= 30, `${seen}`);
  assert(new Set(seen).size > 5, `${seen}`);
});

Deno.test("a service that only writes lets others have their turn while a fault swallows", async () => {
  const socket = new FakeSocket([]);
  const { peer, done } = echo(["timeout:0"], { chunks: [] });
  done.catch(() => {}); // it is closed before its end
  const flood = (async () => {
    const writer = peer.writable.getWriter();
    for (;;) await writer.write(new Uint8Array(10));
  })();
  flood.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 0)); // would never come
  peer.close();
  assertEquals(socket.written.length, 0);
});

Deno.test("bandwidth makes the sender wait: little is held", async () => {
  const clock = new FakeClock();
  let [read, closed] = [0, false];
  const socket = {
    read: ({ length }: Uint8Array) => Promise.resolve(closed ? null : (read += length, length)),
    write: ({ length }: Uint8Array) => Promise.resolve(length),
    closeWrite: () => Promise.resolve(),
    close: () => void (closed = true),
  };
  const plan = planOf(["bandwidth:10KB/s,direction=in"]);
  const control = { clock, connection: 1, fired() {}, end() {} };
  const peer = plan.apply(new SocketDuplex(socket, NOWHERE), control);
  pump(peer, peer).catch(() => {});
  await pass(clock, 100);
  assert(read > 1000 && read < 10_000, `${read}`);
  peer.close();
  await new Promise((resolve) => setTimeout(resolve, 0)); // the reader's last turn
});

Deno.test("until: a fault that waits does not strike after it", () => {
  const clock = new FakeClock();
  const run = (text: string) => {
    const ended: string[] = [];
    const inner = new SocketDuplex(new FakeSocket([]), NOWHERE);
    const plan = planOf([text]);
    const end = (how: string) => void ended.push(how);
    const peer = plan.apply(inner, { clock, connection: 1, fired() {}, end });
    clock.advance(1000);
    peer.close();
    return ended;
  };
  assertEquals(run("reset_peer:100ms,until=20ms"), []);
  assertEquals(run("reset_peer:100ms,until=200ms"), ["reset"]);
  assertEquals(run("reset_peer:100ms,after=1.9ms"), ["reset"]);
  assertEquals(run("timeout:100ms,until=50ms"), []);
  assertEquals(run("reset_peer:0"), ["reset"]);
  assertEquals(clock.waiting, 0);
});

Deno.test("timeout with half_open: a sender that has ended is kept for so long, and no longer", async () => {
  const clock = new FakeClock();
  const { done, events, socket } = echo(["timeout:0,half_open=5s"], { chunks: [], clock });
  await turn(systemClock);
  clock.advance(4999);
  await turn(systemClock);
  assertEquals(socket.events, []);
  clock.advance(1);
  await done;
  assertEquals(socket.events, ["closeWrite"]);
  assertEquals(events, ["timeout swallows everything", "timeout stays open for 5 s"]);
});

Deno.test("lines that hold too much together have their sources wait, and go on", async () => {
  const budget = new MemoryBudget(100_000);
  const clock = new FakeClock();
  const written: number[] = [];
  const lines = [0, 1, 2].map((number) => {
    const next = {
      full: false,
      onRoom() {},
      push: () => void written.push(number),
      end() {},
      close() {},
    };
    const treatment: Treatment = { chunk: (bytes, emit) => emit(bytes, clock.now() + 1000) };
    return new DelayLine(treatment, { next, clock, budget });
  });
  const room: number[] = [];
  for (const [number, line] of lines.entries()) line.onRoom = () => void room.push(number);
  for (const line of lines) line.push(new Uint8Array(50_000));
  assertEquals(lines.map(({ full }) => full), [true, true, true]);
  lines[2]!.push(new Uint8Array(1)); // whoever pushes all the same is not refused
  clock.advance(1000);
  await turn(systemClock);
  assertEquals([written.toSorted(), room.includes(1), budget.spent], [[0, 1, 2, 2], true, false]);
  assertEquals(lines.map(({ full }) => full), [false, false, false]);
  lines[0]!.push(new Uint8Array(200_000));
  lines[1]!.push(new Uint8Array(1000));
  assertEquals(lines[1]!.full, false); // a little is always let through
  lines[0]!.close();
  assertEquals(budget.spent, false);
});

Deno.test("a fault for datagrams alone, or for streams, is refused where it can never strike", () => {
  const plan = (text: string, framed: boolean) => () => planOf([text], 1, framed);
  assertThrows(plan("drop:1", false), UsageError, "is for datagrams alone; listen on udp://");
  assertThrows(plan("slicer:9", true), UsageError, "is for streams alone; listen on tcp://");
  plan("drop:1", true)();
  plan("slicer:9", false)();
});

for (const kind of ["stall", "bandwidth:0"]) {
  Deno.test(`${kind} with after and until in time is one outage, at the same instant both ways`, async () => {
    const clock = new FakeClock();
    const settle = async () => {
      for (let count = 0; count < 5; count++) await turn(systemClock);
    };
    const chunks: ((length: number | null) => void)[] = [];
    const socket = new FakeSocket([]);
    socket.read = () => new Promise((resolve) => chunks.push(resolve));
    const control = { clock, connection: 1, fired() {}, end() {} };
    const text = `${kind},after=3s,until=5s,direction=both`;
    const peer = planOf([text]).apply(new SocketDuplex(socket, NOWHERE), control);
    const read: number[] = [];
    const reading = (async () => {
      for (let chunk = await peer.read(); chunk; chunk = await peer.read()) read.push(chunk.length);
    })();
    const passed = async (at: number) => {
      clock.advance(at - clock.now());
      chunks.shift()!(1);
      await peer.write(new Uint8Array(1));
      await settle();
      return [read.length, socket.written.length];
    };
    clock.advance(-clock.now());
    await settle();
    assertEquals(await passed(2900), [1, 1]);
    assertEquals(await passed(3100), [1, 1]);
    assertEquals(await passed(4900), [1, 1]);
    clock.advance(101);
    await settle();
    assertEquals([read.length, socket.written.length], [3, 3]);
    assertEquals(await passed(5100), [4, 4]);
    chunks.shift()!(null);
    await reading;
    peer.close();
  });
}

Deno.test("bandwidth: without shared each connection has the rate; with it all have it together", async () => {
  for (const [shared, last] of [["false", 1000], ["true", 2000]] as const) {
    const clock = new FakeClock();
    const plan = planOf([`bandwidth:1KB/s,shared=${shared}`]);
    const sockets = [1, 2].map((connection) => {
      const socket = new FakeSocket([]);
      const control = { clock, connection, fired() {}, end() {} };
      const peer = plan.apply(new SocketDuplex(socket, NOWHERE), control);
      peer.write(new Uint8Array(1000)).catch(() => {});
      return { peer, socket };
    });
    const advance = async (by: number) => {
      for (let step = 0; step < by / 10; step++) {
        clock.advance(10);
        for (let count = 0; count < 3; count++) await turn(systemClock);
      }
    };
    await advance(last - 30);
    const before = sockets.map(({ socket }) => socket.written.length);
    assert(before.some((length) => length < 1000), `${before}`);
    await advance(60);
    assertEquals(sockets.map(({ socket }) => socket.written.length), [1000, 1000]);
    for (const { peer } of sockets) peer.close();
  }
});

Deno.test("bandwidth:0 holds everything, and ends a connection whose sender has ended", async () => {
  const clock = new FakeClock();
  const { socket, ended, done, peer } = echo(["bandwidth:0"], {
    chunks: [new Uint8Array(9)],
    clock,
  });
  done.catch(() => {});
  for (let count = 0; count < 9; count++) await turn(systemClock);
  clock.advance(59_000);
  assertEquals([socket.written.length, ended], [0, []]);
  clock.advance(2000);
  assertEquals(ended, ["close bandwidth"]);
  peer.close();
});

Deno.test("retransmit: a share of messages is late by the time-out, or by its double and so on", async () => {
  const clock = new FakeClock();
  const peer = planOf(["retransmit:20%,rto=100ms"]).apply(
    new SocketDuplex(new FakeSocket([]), NOWHERE),
    { clock, connection: 1, fired: (_, { detail }) => void events.push(detail), end() {} },
  );
  const events: string[] = [];
  const count = 2000;
  for (let number = 0; number < count; number++) {
    const writing = peer.write(new Uint8Array(10));
    for (let step = 0; step < 200 && events.length > 0; step++) clock.advance(100);
    await writing;
  }
  const times = (detail: string) => events.filter((each) => each === detail).length;
  const once = times("retransmits after 100 ms");
  assert(once > 0.13 * count && once < 0.19 * count, `${once}`); // 0.2 x 0.8
  const twice = times("retransmits after 300 ms");
  assert(twice > 0.02 * count && twice < 0.05 * count, `${twice}`); // 0.2 x 0.2 x 0.8
  peer.close();
});

Deno.test("faults in toxiproxy's words: stream, and toxics with its units", async () => {
  assertEquals(parseFault("latency:1s,stream=upstream").common.direction, "in");
  assertEquals(parseFault("latency:1s,stream=downstream").common.direction, "out");
  assertThrows(
    () => parseFault("latency:1s,stream=in"),
    UsageError,
    'stream: upstream or downstream is needed, not "in"',
  );
  const units =
    /^bandwidth, rate: a unit is needed, as in 64KB\/s or 64KiB\/s, not "64"; toxiproxy's is KB\/s$/;
  assertMatch(assertThrows(() => parseFault("bandwidth:64"), UsageError).message, units);
  const file = await Deno.makeTempFile();
  const read = async (entry: object) => {
    await Deno.writeTextFile(file, JSON.stringify([entry]));
    const [fault] = readFaults(file);
    return fault!;
  };
  const toxic = await read({
    ...{ name: "slow", type: "bandwidth", stream: "upstream", toxicity: 0.5 },
    attributes: { rate: 64 },
  });
  assertEquals(
    [toxic.settings.rate, toxic.common.direction, toxic.common.toxicity, toxic.common.name],
    [64_000, "in", 0.5, "slow"],
  );
  const { settings } = await read({
    type: "slicer",
    attributes: { average_size: 64, size_variation: 32, delay: 10 },
  });
  assertEquals([settings.average_size, settings.size_variation, settings.delay], [64, 32, 0.01]);
  const latency = await read({ type: "latency", attributes: { latency: 1000, jitter: 50 } });
  assertEquals([latency.settings.latency, latency.settings.jitter], [1000, 50]);
  const none = await read({ type: "bandwidth", attributes: { rate: 0 } });
  assertEquals(none.settings.rate, 0);
  const bare = await read({ kind: "bandwidth", rate: 64 }).catch((error) => error);
  assertMatch(bare.message, /fault 1: bandwidth, rate: a unit is needed/);
  await Deno.remove(file);
});

Deno.test("a datagram is struck whole, or not at all, the empty one too", () => {
  const struckBy = (when: string, lengths: readonly number[]) => {
    const { common: when_ } = parseFault(`latency:1ms,${when}`);
    const seen: string[] = [];
    const stage = { chunk: ({ length }: Uint8Array) => void seen.push(`struck ${length}`) };
    const gate = new FaultWindow(stage, {
      when: when_,
      framed: true,
      clock: new FakeClock(),
      began: 0,
      after() {},
    });
    const emit = ({ length }: Uint8Array) => void seen.push(`passed ${length}`);
    gate.start(emit);
    for (const length of lengths) gate.chunk(new Uint8Array(length), emit);
    return seen;
  };
  assertEquals(struckBy("after=450", [300, 300, 0]), ["passed 300", "passed 300", "struck 0"]);
  assertEquals(struckBy("until=450", [300, 300, 0]), ["struck 300", "struck 300", "passed 0"]);
  assertEquals(struckBy("toxicity=1", [0]), ["struck 0"]);
});

Deno.test("drop: loses, doubles and reorders datagrams, by the seed", async () => {
  const count = 2000;
  const sent = Array.from(
    { length: count },
    (_, index) => new Uint8Array([index >> 8, index & 255]),
  );
  const out: number[] = [];
  let next = 0;
  const socket = {
    datagram: new Uint8Array(0),
    read() {
      this.datagram = sent[next] ?? this.datagram;
      return Promise.resolve(next++ < count ? 2 : null);
    },
    write(bytes: Uint8Array) {
      out.push(bytes[0]! << 8 | bytes[1]!);
      return Promise.resolve(bytes.length);
    },
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const plan = planOf(["drop:10%,duplicate=5%,reorder=3%"], 3, true);
  const control = { clock: systemClock, connection: 1, fired() {}, end() {} };
  const peer = plan.apply(datagramPeer(socket as never, NOWHERE), control);
  await pump(peer, peer);
  peer.close();
  const distinct = new Set(out);
  const lost = count - distinct.size;
  assert(lost > 150 && lost < 250, `${lost} lost`);
  const doubled = out.length - distinct.size;
  assert(doubled > 50 && doubled < 140, `${doubled} doubled`);
  const back = out.filter((number, index) => index > 0 && number < out[index - 1]!).length;
  assert(back > 25 && back < 90, `${back} reordered`);
});

Deno.test("what is wrong with a fault is said, and what would be right", () => {
  for (
    const [text, message] of [
      ["latncy:1s", 'Unknown fault "latncy"'],
      ["latency:fast", "latency, latency: a duration such as"],
      ["latency:1s,jiter=2ms", 'has no parameter "jiter"'],
      ["latency:1s,direction=up", "one of out, in, both"],
      ["latency:1s,toxicity=2", "a share from 0 to 1"],
      ["latency:1s,connections=x", "connections such as"],
      ["latency:1s,after=soon", "a size or a duration"],
      ["latency:1s,match=/(/", "no regular expression"],
      ["bandwidth", "a rate is needed"],
      ["bandwidth:0,until=10B", "bytes that are held never come to 10; give a time"],
      ["bandwidth:0/m", "a rate above 0"],
      ["slicer:5,size_variation=6", "not be more than average_size"],
      ["latency", "a delay is needed"],
      ["latency:", "needs a value after its colon"],
      ["latency,jitter", 'latency: "jitter" is no key=value'],
      ["latency:1s,latency=2s", "latency twice"],
      ["latency:1s,connections=0", "connections such as"],
      ["latency:1s,after=5s,until=2s", "until must be later than after"],
      ["retransmit", "a share is needed"],
      ["accept_delay:0", "a duration above 0"],
      ["accept_delay:1s,direction=in", 'has no parameter "direction"'],
      ["noop:1", "noop takes no value"],
      ["latency:1s,match=", "match needs a value"],
      ["refuse:reset,direction=in", 'refuse has no parameter "direction"'],
    ] as const
  ) {
    assertThrows(() => parseFault(text), UsageError, message);
  }
});

Deno.test("the fault of the walk through the house (CONTRIBUTING) is one", async () => {
  const root = new URL("../../../", import.meta.url);
  const text = await Deno.readTextFile(new URL(".github/CONTRIBUTING.md", root));
  const code = /```ts\n(.*?)```/s.exec(text)![1]!;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code.replaceAll('"../', `"${new URL("lib/faults/", root)}`));
  const { mirrorCase } = await import(`file://${file}`);
  const seen: string[] = [];
  const stage = mirrorCase.create({}, { random: seeded(1), fired() {} });
  const emit = (bytes: Uint8Array) => void seen.push(new TextDecoder().decode(bytes));
  stage.chunk(new TextEncoder().encode("Hello, World 1"), emit, 0);
  assertEquals(seen, ["hELLO, wORLD 1"]);
  await Deno.remove(file);
});
