import { assert, assertEquals, assertRejects } from "@std/assert";
import { NetworkError } from "../../../lib/core/errors.ts";
import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { type DataStream, NO_COUNTS } from "../../../lib/throughput/data_stream.ts";
import type { Interval } from "../../../lib/throughput/measurement.ts";
import { busyClient, directionIntervals } from "../../../lib/throughput/result.ts";
import type { ThroughputResult } from "../../../lib/throughput/result.ts";
import { streamResults } from "../../../lib/throughput/totals.ts";
import { Transfer } from "../../../lib/throughput/transfer.ts";
import { FakeClock, FakeSocket, NOWHERE } from "../../support/fakes.ts";

const PARAMETERS = {
  protocol: "tcp",
  directions: "down",
  streams: 1,
  duration: 1000,
  omit: 0,
  blockBytes: 1000,
  wideNumbers: false,
  check: false,
  tellsCookie: false,
  ignored: [],
} as const;

/** A stream that passes what the test says. */
class FakeStream implements DataStream {
  readonly id = 1;
  readonly peer = new SocketDuplex(new FakeSocket([]), NOWHERE);
  readonly jitterMs = 0;
  readonly sends: boolean;
  bytes = 0;
  lastByteAt = -Infinity;
  readonly #ended = Promise.withResolvers<void>();

  constructor({ sends }: { sends: boolean }) {
    this.sends = sends;
  }

  get counts(): DataStream["counts"] {
    return { ...NO_COUNTS, bytes: this.bytes };
  }

  run(): Promise<void> {
    return this.#ended.promise;
  }

  pass(bytes: number, clock: FakeClock): void {
    this.bytes += bytes;
    this.lastByteAt = clock.now();
  }

  end(): void {
    this.#ended.resolve();
  }

  fail(): void {
    this.#ended.reject(new Deno.errors.ConnectionReset("gone"));
  }
}

function begin({ sends, omit = 0, bytes }: { sends: boolean; omit?: number; bytes?: number }) {
  const [clock, stream] = [new FakeClock(), new FakeStream({ sends })];
  const intervals: Interval[] = [];
  const onInterval = (interval: Interval) => void intervals.push(interval);
  const transfer = new Transfer([stream], { clock, omit, bytes, onInterval });
  return { clock, stream, intervals, transfer };
}

/** Moves time on, step by step, until something is done. */
async function advanceUntil(done: Promise<unknown>, clock: FakeClock): Promise<void> {
  let isDone = false;
  done.then(() => isDone = true);
  for (let turns = 0; !isDone && turns < 10_000; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
  }
  await done;
}

Deno.test("transfer: what is omitted is in no total, and its intervals say so", async () => {
  const { clock, stream, intervals, transfer } = begin({ sends: true, omit: 2000 });
  stream.pass(100, clock);
  clock.advance(2000);
  await Promise.resolve(); // the omission ends
  await Promise.resolve();
  stream.pass(7, clock);
  clock.advance(1000);
  transfer.stop();
  stream.end();
  await transfer.drain();
  const [total] = transfer.totals;
  assertEquals([total!.counts.bytes, total!.omitted.bytes, total!.elapsedMs], [7, 100, 1000]);
  assertEquals(intervals.map(({ omitted, toMs }) => [omitted, toMs]), [
    [true, 1000],
    [true, 2000],
    [false, 1000],
  ]);
});

Deno.test("transfer: one that is stopped while it omits has measured nothing", () => {
  const { clock, transfer } = begin({ sends: true, omit: 2000 });
  clock.advance(500);
  transfer.stop();
  assertEquals(transfer.isOmitting, true);
});

Deno.test("transfer: a receiver that ends, or fails, before the test makes it fail", async () => {
  const early = begin({ sends: false });
  early.stream.end();
  await assertRejects(() => early.transfer.failed, NetworkError, "Stream 1 ended before the test");
  early.transfer.stop();
  const failing = begin({ sends: true });
  failing.stream.fail();
  await assertRejects(() => failing.transfer.failed, Deno.errors.ConnectionReset);
  failing.transfer.stop();
  const sent = begin({ sends: true });
  sent.stream.end(); // it has sent what it was to send
  await sent.transfer.sent;
  sent.transfer.stop();
});

Deno.test("transfer: what comes late counts, in the time that it took", async () => {
  const { clock, stream, transfer } = begin({ sends: false });
  stream.pass(1000, clock);
  clock.advance(1000);
  transfer.stop();
  const draining = transfer.drain();
  clock.advance(40);
  stream.pass(500, clock);
  await advanceUntil(draining, clock);
  const [total] = transfer.totals;
  assertEquals([total!.counts.bytes, total!.elapsedMs], [1500, 1040]);
  assert(clock.now() < 1300, `${clock.now()}`);
  const peer = {
    cpu: { user: 0, system: 0 },
    streams: [{
      ...{ id: 1, bytes: 1500, retransmits: 2, packets: 0, lost: 0, jitterMs: 0 },
      ...{ elapsedMs: 1000, corrupt: undefined },
    }],
  };
  const [result] = streamResults(transfer, { peer, parameters: PARAMETERS, side: "client" });
  assertEquals(result!.direction, "down");
  assertEquals([result!.sentBitsPerSecond, result!.retransmits], [12_000, 2]);
  assertEquals(Math.round(result!.receivedBitsPerSecond), 11_538);
});

Deno.test("transfer: where the bytes are limited, a silence shorter than a second is no end", async () => {
  const { clock, stream, transfer } = begin({ sends: false, bytes: 3000 });
  stream.pass(1000, clock);
  transfer.stop();
  const draining = transfer.drain();
  for (let round = 0; round < 2; round++) {
    for (let step = 0; step < 60; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
    stream.pass(1000, clock);
  }
  await advanceUntil(draining, clock);
  assertEquals(transfer.totals[0]!.counts.bytes, 3000);
});

Deno.test("intervals: one for each direction, with the streams together", () => {
  const stream = { sends: true, jitterMs: 4, tcp: undefined, retransmits: undefined };
  const counts = { ...NO_COUNTS, bytes: 500, packets: 5, lost: 1 };
  const interval: Interval = {
    ...{ fromMs: 1000, toMs: 2000, omitted: false },
    streams: [
      { ...stream, id: 1, counts },
      { ...stream, id: 3, counts },
      { ...stream, id: 4, sends: false, counts, jitterMs: 2 },
    ],
  };
  const [up, down] = directionIntervals(interval, { protocol: "udp" });
  assertEquals([up!.direction, up!.bytes, up!.bitsPerSecond, up!.jitterMs], [
    "up",
    1000,
    8000,
    undefined,
  ]);
  assertEquals([down!.direction, down!.lost, down!.jitterMs], ["down", 1, 2]);
});

Deno.test("a client that is busy is named as a cause, where something is missing", () => {
  const direction = {
    ...{ direction: "up", sentBytes: 1000, sentBitsPerSecond: 8000 } as const,
    ...{ receivedBytes: 1000, receivedBitsPerSecond: 8000 },
  };
  const result = (user: number, bitsPerSecond: number) =>
    ({
      ...{ elapsedMs: 1000, parameters: { ...PARAMETERS, bitsPerSecond } },
      ...{ cpu: { client: { user, system: 0 } }, directions: [direction] },
    }) as unknown as ThroughputResult;
  assertEquals(busyClient(result(0.5, 9000)), undefined);
  assertEquals(busyClient(result(0.95, 8000)), undefined);
  assert(busyClient(result(0.95, 9000))!.startsWith("the client used 95% of a core"));
});
