import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { delay } from "../../../lib/core/clock.ts";
import { NetworkError } from "../../../lib/core/errors.ts";
import { loadHistograms } from "../../../lib/core/histogram.ts";
import { echoExchange } from "../../../lib/probe/echo_exchange.ts";
import { Generator } from "../../../lib/bench/generator.ts";
import type { LoadOptions } from "../../../lib/report/load.ts";
import { type RecordedSlice, Recorder } from "../../../lib/bench/recorder.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { FakeClock, FakePeer } from "../../support/fakes.ts";

const histograms = await loadHistograms();

const LOAD: LoadOptions = {
  connections: 1,
  size: 16,
  pipeline: 1,
  rate: undefined,
  duration: 10_000,
  requests: undefined,
  warmup: 0,
  ramp: 0,
  connect: false,
  timeout: 5000,
  connectTimeout: 5000,
  slice: 1000,
};

/** An echo on the test's clock: answers after `delay` milliseconds, and not during a stall. */
function fakeEcho(
  clock: FakeClock,
  { delay, stall = [0, 0], spoil, lose = () => false, framed = false }: {
    readonly delay: number;
    readonly stall?: readonly [from: number, to: number];
    readonly spoil?: (message: Uint8Array) => void;
    readonly lose?: () => boolean;
    readonly framed?: boolean;
  },
): Duplex {
  const peer = new FakePeer({
    framed,
    onWrite(chunk) {
      if (lose()) return;
      const bytes = chunk.slice();
      spoil?.(bytes);
      const now = clock.now();
      const stalled = now + delay > stall[0] && now < stall[1];
      clock.after(stalled ? stall[1] - now + delay : delay, () => peer.say(bytes));
    },
  });
  return peer;
}

function generate(
  load: Partial<LoadOptions>,
  connect: (clock: FakeClock) => Duplex | Promise<Duplex>,
) {
  const clock = new FakeClock();
  const whole = { ...LOAD, ...load };
  const recorder = new Recorder(histograms, whole);
  const slices: { atMs: number; count: number; maxMs: number; failed: number }[] = [];
  const onSlice = ({ atMs, latencies: { count, max }, failed }: RecordedSlice) =>
    void slices.push({ atMs, count, maxMs: max, failed });
  const dial = async () => await connect(clock);
  const exchange = echoExchange(whole.size);
  const generator = new Generator({ load: whole, exchange, clock, recorder, dial, onSlice });
  return { clock, recorder, slices, generator, running: generator.run() };
}

// Lets time pass in small steps, and whoever wakes have its turn.
async function pass(clock: FakeClock, milliseconds: number, step = 0.5): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += step) {
    for (let turn = 0; turn < 12; turn++) await Promise.resolve();
    clock.advance(step);
  }
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

Deno.test("open loop: a stall of 1 s shows in the corrected p99, and not in the uncorrected", async () => {
  const { clock, recorder, running } = generate(
    { rate: 100, connections: 1 },
    (clock) => fakeEcho(clock, { delay: 1, stall: [5000, 6000] }),
  );
  await pass(clock, 11_000);
  const { elapsedMs, inFlight, unsent } = await running;
  assertEquals([elapsedMs, inFlight, unsent], [10_000, 0, 0]);
  assertEquals(recorder.latency.count, 1000);
  // 100 requests were due during the stall, and waited 500 ms on average: a tenth of all.
  assert(recorder.latency.at(99) > 800, `${recorder.latency.at(99)}`);
  assert(recorder.latency.at(95) > 300, `${recorder.latency.at(95)}`);
  assert(recorder.uncorrected!.at(99) < 5, `${recorder.uncorrected!.at(99)}`);
  assert(recorder.uncorrected!.max > 990); // the one that was under way
});

Deno.test("open loop: a rate that no peer can hold is told, with what was due and not sent", async () => {
  const { clock, recorder, running } = generate(
    { rate: 1000, duration: 1000 },
    (clock) => fakeEcho(clock, { delay: 4 }),
  );
  await pass(clock, 1100);
  const { unsent, inFlight, unanswered } = await running;
  assert(recorder.arrived >= 200 && recorder.arrived <= 250, `${recorder.arrived}`);
  assertEquals(recorder.latency.count + unsent, 1000);
  assertEquals([inFlight, unanswered], [1, 0]);
  assert(recorder.latency.max > 700); // the last that was sent had waited that long
});

Deno.test("closed loop: what is under way at the end is waited for, and counts", async () => {
  const { clock, recorder, slices, running } = generate(
    { connections: 3, pipeline: 2, duration: 1000, slice: 250 },
    (clock) => fakeEcho(clock, { delay: 7.25 }),
  );
  await pass(clock, 1100);
  const { inFlight, unanswered } = await running;
  assertEquals([inFlight, unanswered], [6, 0]);
  assertEquals(recorder.latency.count, recorder.arrived + 6);
  assert(recorder.latency.min >= 7.25 && recorder.latency.max < 9, `${recorder.latency.max}`);
  assertEquals(slices.length, 4);
  assertEquals(slices.reduce((sum, { count }) => sum + count, 0), recorder.arrived);
});

Deno.test("open loop: a number of requests leaves nothing unsent; a datagram's loss is told", async () => {
  const { clock, recorder, running } = generate(
    { requests: 30, rate: 1000, duration: 1e9, connections: 2 },
    (clock) => fakeEcho(clock, { delay: 20 }),
  );
  await pass(clock, 1000);
  const { unsent, inFlight } = await running;
  assertEquals([recorder.latency.count, unsent, inFlight], [30, 0, 0]);

  let number = 0;
  const lossy = generate(
    { requests: 9000, pipeline: 2, duration: 1e9, timeout: 1e6 },
    (clock) => fakeEcho(clock, { delay: 0.1, framed: true, lose: () => ++number === 5 }),
  );
  await pass(lossy.clock, 3000, 0.25);
  await lossy.running;
  assertEquals([lossy.recorder.latency.count, lossy.recorder.failed], [8999, 1]);
});

Deno.test("a warm-up is not counted, and a number of requests is exact", async () => {
  const { clock, recorder, running } = generate(
    { connections: 4, requests: 30, warmup: 100, duration: 1e9 },
    (clock) => fakeEcho(clock, { delay: 5 }),
  );
  await pass(clock, 300);
  const { elapsedMs, inFlight } = await running;
  assertEquals([recorder.latency.count, inFlight], [30, 0]);
  assert(elapsedMs >= 35 && elapsedMs < 60, `${elapsedMs}`);
});

Deno.test("an answer that is not what was sent is a failure, whoever sent it", async () => {
  let number = 0;
  const { clock, recorder, running } = generate(
    { requests: 10, duration: 1e9 },
    (clock) => fakeEcho(clock, { delay: 1, spoil: (bytes) => ++number === 4 && (bytes[12]! ^= 1) }),
  );
  await pass(clock, 100);
  await running;
  assertEquals([recorder.latency.count, recorder.failed], [9, 1]);
  assertEquals([...recorder.errors], [[echoExchange(1).wrongAnswer, 1]]);
});

Deno.test("a connection that is silent is given up, and made again", async () => {
  let made = 0;
  const { clock, recorder, running } = generate(
    { duration: 10_000, timeout: 1000, slice: 500 },
    (clock) => fakeEcho(clock, { delay: made++ === 0 ? 1e9 : 10 }),
  );
  await pass(clock, 11_100, 5);
  await running;
  assertEquals([...recorder.errors], [["no answer in time", 1]]);
  assert(recorder.arrived > 400, `${recorder.arrived}`);
});

Deno.test("a connection that the peer ends after right answers is made again at once, another one after a pause", async () => {
  // What a peer says to a request, the how manieth of its connection that is; null ends it.
  type Said = Uint8Array | null | Error;
  const dialled = async (say: (request: Uint8Array, index: number) => Said[]) => {
    let made = 0;
    const { clock, recorder, running } = generate({ duration: 1000 }, (clock) => {
      made++;
      let index = 0;
      const peer: FakePeer = new FakePeer({
        onWrite(chunk) {
          const said = say(chunk.slice(), index++);
          clock.after(1, () => said.forEach((one) => peer.say(one)));
        },
      });
      return peer;
    });
    await pass(clock, 1100);
    await running;
    return { made, reconnects: recorder.reconnects };
  };
  const ends = [
    null,
    new Deno.errors.ConnectionReset(),
    new Deno.errors.UnexpectedEof("no close_notify"),
  ];
  for (const end of ends) {
    // 9 answers and an end take 10 ms, or a little more of this clock's steps.
    const { made, reconnects } = await dialled((request, index) => [index < 9 ? request : end]);
    assert(made > 50, `${end}: ${made} connections`);
    assert(reconnects >= made - 2, `${reconnects} reconnects`); // the last may come after the end
  }

  const paused = {
    "no answer": () => [null],
    "one answer of two": (request: Uint8Array, index: number) => [index < 1 ? request : null],
    "an error of ours": (request: Uint8Array, index: number) => [
      index < 9 ? request : new Error("ours"),
    ],
    "a wrong answer": (request: Uint8Array) => [request.fill(0), null],
    "two answers": (request: Uint8Array) => [concat([request, request])],
  };
  for (const [name, say] of Object.entries(paused)) {
    const { made } = await dialled(say);
    assert(made <= 11, `${name}: ${made} connections`);
  }
});

Deno.test("a peer that is not there is an error at the start, and a failure later", async () => {
  const refused = new NetworkError("no", { cause: new Deno.errors.ConnectionRefused("no") });
  const { running } = generate({}, () => Promise.reject(refused));
  await assertRejects(() => running, NetworkError, "no");

  // More connections than are made at once, each of which takes longer than an answer may.
  const silent = generate({ requests: 1000, connections: 100, timeout: 100 }, async (clock) => {
    await delay(200, { clock });
    throw new NetworkError("no answer");
  });
  await Promise.all([
    assertRejects(() => silent.running, NetworkError, "no answer"),
    pass(silent.clock, 500, 10),
  ]);

  let made = 0;
  const later = generate({ duration: 1000, connections: 2 }, (clock) => {
    if (made++ > 0) throw refused;
    return fakeEcho(clock, { delay: 10 });
  });
  await pass(later.clock, 1100, 5);
  await later.running;
  assertEquals([...later.recorder.errors.keys()], ["cannot connect: connection refused"]);
  assert(later.recorder.arrived > 50);
});

Deno.test("a number of requests ends when the peer is gone, also with a connection for each", async () => {
  const refused = new NetworkError("no", { cause: new Deno.errors.ConnectionRefused("no") });
  for (const rate of [undefined, 200]) {
    for (const connect of [false, true]) {
      let answered = 0;
      const { clock, recorder, running } = generate(
        { requests: 1000, duration: 1e9, timeout: 1000, connect, rate },
        (clock) => {
          if (answered >= 60) throw refused;
          const peer = new FakePeer({
            onWrite(chunk) {
              const bytes = chunk.slice();
              clock.after(1, () => {
                peer.say(bytes);
                if (++answered >= 60) peer.say(null);
              });
            },
          });
          return peer;
        },
      );
      await pass(clock, 4000, 1);
      const { gone, unsent, unanswered } = await running;
      assertEquals([recorder.latency.count, gone], [60, true]);
      // All that were asked for are accounted for.
      assertEquals(60 + recorder.failed + unanswered + unsent, 1000);
    }
  }
});

Deno.test("over UDP a peer is gone that answers nothing, though there is always a connection", async () => {
  const unreachable = new Deno.errors.ConnectionRefused("port unreachable");
  const { clock, running } = generate(
    { requests: 1000, duration: 1e9, timeout: 1000 },
    (clock) => {
      const peer = new FakePeer({
        framed: true,
        onWrite: () => void clock.after(1, () => peer.say(unreachable)),
      });
      return peer;
    },
  );
  await pass(clock, 2000, 1);
  assertEquals((await running).gone, true);
});

Deno.test("what failed before the first slice is begun, a timer later, is in it", () => {
  const recorder = new Recorder(histograms, LOAD);
  recorder.setWindow(100, 500);
  recorder.recordAnswer(99, { due: 98, sent: 98, slot: 0 });
  recorder.recordFailure(99, "before");
  recorder.recordFailure(101, "within");
  recorder.beginSlices();
  const { failed, lastedMs, latencies } = recorder.endSlice(150);
  assertEquals([failed, lastedMs, latencies.count], [1, 50, 0]);
});

Deno.test("a connection that cannot be made beside others that work is no peer that is gone", async () => {
  let made = 0;
  const { clock, running } = generate(
    { connections: 2, requests: 1000, duration: 1e9, timeout: 100 },
    (clock) => {
      if (made++ > 0) throw new Error("no");
      return fakeEcho(clock, { delay: 1 });
    },
  );
  await pass(clock, 1500, 0.5);
  assertEquals((await running).gone, false);
});

Deno.test("what was lost is in the slices as often as in the whole, though it is known after the end", async () => {
  let number = 0;
  const { clock, recorder, slices, running } = generate(
    { connections: 4, duration: 1000, slice: 250, rate: 100, timeout: 500 },
    (clock) => fakeEcho(clock, { delay: 1, framed: true, lose: () => ++number % 10 === 0 }),
  );
  await pass(clock, 2000);
  await running;
  assert(recorder.failed > 5, `${recorder.failed}`);
  assertEquals(slices.reduce((sum, { failed }) => sum + failed, 0), recorder.failed);
  assertEquals(slices.length, 4);
});

Deno.test("a program that stood still knows for how long", async () => {
  const { clock, recorder, running } = generate(
    { duration: 1000 },
    (clock) => fakeEcho(clock, { delay: 1 }),
  );
  await pass(clock, 500);
  clock.stall(200);
  await pass(clock, 400);
  await running;
  assert(recorder.stalledMs > 180 && recorder.stalledMs <= 200, `${recorder.stalledMs}`);
});

Deno.test("a wish to stop ends it, with what was measured so far", async () => {
  const { clock, recorder, generator, running } = generate(
    { duration: 1e6 },
    (clock) => fakeEcho(clock, { delay: 10 }),
  );
  await pass(clock, 500, 5);
  generator.stop();
  await pass(clock, 50, 5);
  const { elapsedMs } = await running;
  assert(elapsedMs >= 500 && elapsedMs < 520, `${elapsedMs}`);
  assert(recorder.latency.count >= 30);
});

Deno.test("a wish to stop while the last requests are waited for is heeded in a second", async () => {
  const { clock, generator, running } = generate(
    { duration: 100, timeout: 60_000 },
    () => new FakePeer({ onWrite() {} }),
  );
  await pass(clock, 500, 10);
  generator.stop();
  await pass(clock, 1010, 10);
  const { inFlight, unanswered } = await running;
  assertEquals([inFlight, unanswered], [1, 1]);
});

Deno.test("a last slice that is short is one, too", async () => {
  const { clock, recorder, slices, running } = generate(
    { requests: 130, rate: 100, slice: 1000 },
    (clock) => fakeEcho(clock, { delay: 1 }),
  );
  await pass(clock, 2000, 1);
  await running;
  assertEquals(slices.length, 2);
  assertEquals(slices[0]!.count + slices[1]!.count + recorder.after, 130);
});
