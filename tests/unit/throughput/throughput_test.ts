import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { ControlChannel } from "../../../lib/throughput/control_channel.ts";
import { DatagramTracker } from "../../../lib/throughput/datagram_tracker.ts";
import { Pacer } from "../../../lib/throughput/pacer.ts";
import {
  readParameters,
  sendingStreams,
  type TestParameters,
  writeParameters,
} from "../../../lib/throughput/parameters.ts";
import { PayloadCheck, payloadOf } from "../../../lib/throughput/payload.ts";
import {
  COOKIE_BYTES,
  describeServerError,
  newCookie,
  RefusedTest,
  STATE,
  streamId,
} from "../../../lib/throughput/protocol.ts";
import { readResults } from "../../../lib/throughput/results.ts";
import { directionTotals, type StreamResult } from "../../../lib/throughput/totals.ts";
import { FakeClock, FakeSocket, NOWHERE } from "../../support/fakes.ts";

const PARAMETERS: TestParameters = {
  protocol: "udp",
  directions: "both",
  streams: 2,
  duration: 2500,
  omit: 1000,
  blockBytes: 1000,
  bitsPerSecond: 5e6,
  wideNumbers: true,
  check: true,
  tellsCookie: true,
  ignored: [],
};

function channelOf(...pieces: number[][]): ControlChannel {
  const socket = new FakeSocket(pieces.map((piece) => new Uint8Array(piece)));
  return new ControlChannel(new SocketDuplex(socket, NOWHERE));
}

Deno.test("parameters: what a client writes is what a server reads, in whole seconds", () => {
  const read = readParameters(writeParameters(PARAMETERS));
  assertEquals(read, { ...PARAMETERS, duration: 3000 });
  const { bytes, duration } = readParameters(writeParameters({ ...PARAMETERS, bytes: 10 }));
  assertEquals([bytes, duration], [10, 0]);
});

Deno.test("parameters: those of iperf3 3.12, with what is not done named", () => {
  const read = readParameters({
    tcp: true,
    omit: 0,
    time: 10,
    num: 0,
    parallel: 4,
    reverse: true,
    window: 65536,
    len: 131072,
    pacing_timer: 1000,
    congestion: "reno",
    client_version: "3.12",
  });
  const { protocol, directions, streams, blockBytes, ignored } = read;
  assertEquals({ protocol, directions, streams, blockBytes, ignored }, {
    protocol: "tcp",
    directions: "down",
    streams: 4,
    blockBytes: 131072,
    ignored: ["window", "congestion"],
  });
});

Deno.test("parameters: what is refused has iperf3's number", () => {
  const codeOf = (json: Record<string, unknown>) =>
    (assertThrows(() => readParameters(json), RefusedTest) as RefusedTest).code;
  assertEquals(codeOf({ sctp: true }), 18);
  assertEquals(codeOf({ tcp: true, authtoken: "x" }), 142);
  assertEquals(codeOf({ tcp: true, parallel: 129 }), 6);
  assertEquals(codeOf({ tcp: true, len: 2 ** 21 }), 7);
  assertEquals(codeOf({ udp: true, len: 8 }), 20);
  assertEquals(codeOf({ tcp: true, time: -1 }), 5);
  assertEquals(codeOf({ tcp: true, time: "10" }), 5);
  assertEquals(codeOf({ tcp: true, omit: 601 }), 12);
  assertEquals(describeServerError(18), "it does not support SCTP");
  assertEquals(describeServerError(999), "its error number 999 (iperf_api.h)");
});

Deno.test("streams: the client's come first where both sides send; number 2 is left out", () => {
  const { directions: _, ...rest } = PARAMETERS;
  assertEquals(sendingStreams(PARAMETERS, "client"), [true, true, false, false]);
  assertEquals(sendingStreams(PARAMETERS, "server"), [false, false, true, true]);
  assertEquals(sendingStreams({ ...rest, directions: "down" }, "server"), [true, true]);
  assertEquals([0, 1, 2].map(streamId), [1, 3, 4]);
});

Deno.test("cookie: 36 characters and a zero, another one each time", () => {
  const [one, other] = [newCookie("x-"), newCookie("x-")].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  assertEquals([one!.length, one!.at(-1), one!.slice(0, 2)], [COOKIE_BYTES, "\0", "x-"]);
  assert(one !== other);
});

Deno.test("control channel: states and documents, however they are cut", async () => {
  const channel = channelOf([0xff, 0, 0], [0, 7, 123, 34], [97, 34, 58, 49, 125, 9]);
  assertEquals(await channel.peekState(), STATE.accessDenied);
  assertEquals(await channel.readState(), STATE.accessDenied);
  assertEquals(await channel.readJson(), { a: 1 });
  assertEquals(channel.rest, new Uint8Array([9]));
  assertEquals(await channel.readState(), STATE.paramExchange);
  assertEquals(await channel.readState(), undefined);
});

Deno.test("control channel: what is no document is an error, and is not waited for", async () => {
  const length = (...bytes: number[]) => channelOf(bytes).readJson();
  await assertRejects(() => length(0xff, 0xff, 0xff, 0xff), SyntaxError, "a document of");
  await assertRejects(() => length(0, 0, 0, 9, 123), SyntaxError, "ended before");
  await assertRejects(() => length(0, 0, 0, 2, 91, 93), SyntaxError, "no JSON object");
  await assertRejects(() => length(), SyntaxError);
  assertEquals(await channelOf([1, 2, 3]).readCookie(), undefined);
});

Deno.test("datagram tracker: what comes late is not lost, and jitter is that of RFC 1889", () => {
  const tracker = new DatagramTracker();
  for (const number of [1, 2, 4, 5, 3, 9]) tracker.add(number, 10);
  assertEquals([tracker.highest, tracker.lost, tracker.outOfOrder], [9, 3, 1]);
  assertEquals(tracker.jitterMs, 0);
  tracker.add(10, 26);
  assertEquals(tracker.jitterMs, 1);
  tracker.add(11, 26);
  assertEquals(tracker.jitterMs, 1 - 1 / 16);
  for (const [number, transit] of [[0, 26], [2 ** 40, 26], [12, 26 + 3_600_000]] as const) {
    assertEquals(tracker.add(number, transit), false);
  }
  assertEquals([tracker.highest, tracker.jitterMs], [11, 1 - 1 / 16]);
});

Deno.test("payload: a chunk is whole blocks, and what differs is counted, wherever it is cut", () => {
  const payload = payloadOf(1000);
  const { chunk } = payload;
  assertEquals(chunk.length % 1000, 0);
  const check = new PayloadCheck(payload);
  check.check(chunk.subarray(0, 1700), 0);
  check.check(chunk.subarray(1700, 5300), 1700);
  assertEquals(check.corrupt, 0);
  const wrong = chunk.slice(5300, 7500);
  wrong[0]! ^= 1;
  wrong[1999]! ^= 1;
  check.check(wrong, 5300);
  assertEquals(check.corrupt, 2);
});

Deno.test("pacer: bytes leave when they are due, and none before", async () => {
  const clock = new FakeClock();
  const pacer = new Pacer(80_000, { clock, stop: new AbortController().signal }); // 10 bytes a millisecond
  assertEquals(pacer.next(1000), undefined);
  const waiting = pacer.next(1000)!;
  let due = false;
  waiting.then(() => due = true);
  clock.advance(99);
  await Promise.resolve();
  assertEquals(due, false);
  clock.advance(1);
  await waiting;
  clock.advance(100);
  assertEquals(pacer.next(1000), undefined);
});

Deno.test("results: numbers that are none are an error; without omitted ones all count", () => {
  const stream = { id: 1, bytes: 8, retransmits: -1, jitter: 0.002, errors: 3, packets: 10 };
  const whole = { cpu_util_user: 1, cpu_util_system: 2, streams: [stream] };
  const [read] = readResults(whole).streams;
  const { retransmits, packets, lost, jitterMs, corrupt } = read!;
  assertEquals([retransmits, packets, lost, jitterMs, corrupt], [undefined, 10, 3, 2, undefined]);
  assertThrows(() => readResults({ ...whole, streams: [{ ...stream, bytes: "8" }] }), SyntaxError);
  assertThrows(() => readResults({ ...whole, streams: 5 }), SyntaxError);
  const [unsigned] = readResults({
    ...whole,
    streams: [{ ...stream, retransmits: 18446744073709551615 }],
  }).streams;
  assertEquals(unsigned!.retransmits, undefined);
  for (const bytes of [-5, 1e300]) {
    assertThrows(() => readResults({ ...whole, streams: [{ ...stream, bytes }] }), SyntaxError);
  }
  assertThrows(() => readResults({ ...whole, streams: [stream, stream] }), SyntaxError);
});

Deno.test("totals: streams add up by direction; what one does not tell, nobody knows", () => {
  const stream = (id: number, more: Partial<StreamResult>): StreamResult => ({
    id,
    direction: "up",
    sentBytes: 10,
    sentBitsPerSecond: 80,
    receivedBytes: 9,
    receivedBitsPerSecond: 72,
    ...more,
  });
  const datagrams = { packets: 10, lost: 1, jitterMs: 2 };
  const [up, down] = directionTotals([
    stream(1, { datagrams, retransmits: 1 }),
    stream(3, { datagrams: { ...datagrams, jitterMs: 4 }, retransmits: undefined }),
    stream(4, { direction: "down" }),
  ]);
  assertEquals(up!.datagrams, { packets: 20, lost: 2, outOfOrder: undefined, jitterMs: 3 });
  assertEquals([up!.sentBytes, up!.receivedBitsPerSecond, up!.retransmits], [20, 144, undefined]);
  assertEquals([down!.direction, down!.sentBytes], ["down", 10]);
});
