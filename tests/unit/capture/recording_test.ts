import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { InetAddress } from "../../../lib/net/address.ts";
import { concat } from "@std/bytes/concat";
import { UsageError } from "../../../lib/core/errors.ts";
import { ACK, FIN, PSH, RST, SYN, tcpFrame, udpFrame } from "../../../lib/capture/packet.ts";
import { fileHeader, packetBlock } from "../../../lib/capture/pcapng_writer.ts";
import { readRecordings, type Recording, saidBy } from "../../../lib/capture/recording.ts";
import { randomBytes, randomWords } from "../../support/bytes.ts";
import { pcap } from "../../support/pcap.ts";

const CLIENT: InetAddress = { transport: "tcp", hostname: "192.0.2.1", port: 4000 };
const SERVER: InetAddress = { transport: "tcp", hostname: "192.0.2.2", port: 80 };
const UP = { from: CLIENT, to: SERVER };
const DOWN = { from: SERVER, to: CLIENT };

const HEADER = fileHeader({ application: "test", name: "test" });

async function read(frames: readonly Uint8Array[]): Promise<readonly Recording[]> {
  const blocks = frames.map((bytes, index) => packetBlock({ at: 1e12 + index, bytes }));
  const bytes = concat([HEADER, ...blocks]);
  return (await readRecordings({ path: "test", bytes })).recordings;
}

function segment(
  path: typeof UP,
  { flags = ACK, sequence, payload }: { flags?: number; sequence: number; payload?: Uint8Array },
): Uint8Array {
  const fields = { flags, sequence: sequence >>> 0, acknowledged: 0 };
  return tcpFrame(path, { ...fields, ...(payload && { payload }) });
}

function text(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function said(recording: Recording | undefined, by: "client" | "server"): Uint8Array {
  return concat(saidBy(by, recording!));
}

Deno.test("recording: who said what when, and how each side ended", async () => {
  const [one, ...others] = await read([
    segment(UP, { flags: SYN, sequence: 99 }),
    segment(DOWN, { flags: SYN | ACK, sequence: 499 }),
    segment(UP, { sequence: 100 }),
    segment(UP, { flags: PSH | ACK, sequence: 100, payload: text("ask") }),
    segment(DOWN, { sequence: 500, payload: text("answer") }),
    segment(UP, { flags: FIN | ACK, sequence: 103, payload: text("!") }),
    segment(DOWN, { flags: RST | ACK, sequence: 506 }),
  ]);
  assertEquals(others, []);
  assertEquals(one, {
    protocol: "tcp",
    client: "192.0.2.1:4000",
    server: "192.0.2.2:80",
    steps: [
      { by: "client", at: 3, what: text("ask") },
      { by: "server", at: 4, what: text("answer") },
      { by: "client", at: 5, what: text("!") },
      { by: "client", at: 5, what: "fin" },
      { by: "server", at: 6, what: "reset" },
    ],
    gaps: false,
    midway: false,
  });
});

Deno.test("recording: segments in any order, twice and overlapping, are each byte once", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = randomWords(seed);
    const bytes = randomBytes(1 + next() % 500, seed);
    const first = seed % 3 === 0 ? -(next() % 400) : next(); // some go round after 2^32
    const frames: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = 1 + next() % 60;
      const start = Math.max(0, at - next() % 40); // goes over some of it again
      frames.push(
        segment(UP, { sequence: first + 1 + start, payload: bytes.slice(start, at + length) }),
      );
      at += length;
    }
    frames.push(segment(UP, { flags: FIN | ACK, sequence: first + 1 + bytes.length }));
    for (let index = frames.length - 1; index > 0; index--) {
      const other = next() % (index + 1);
      [frames[index], frames[other]] = [frames[other]!, frames[index]!];
    }
    const [one] = await read([segment(UP, { flags: SYN, sequence: first }), ...frames, ...frames]);
    assertEquals(said(one, "client"), bytes, `seed ${seed}`);
    assertEquals(one!.steps.at(-1)!.what, "fin");
    assertEquals(one!.gaps, false);
  }
});

Deno.test("recording: what is not in the capture is noticed", async () => {
  const start = segment(UP, { flags: SYN, sequence: 0 });
  const lost = await read([start, segment(UP, { sequence: 6, payload: text("late") })]);
  assertEquals(lost[0]!.gaps, true);
  const whole = segment(UP, { sequence: 1, payload: text("cut off") });
  assertEquals((await read([start, whole.subarray(0, -3)]))[0]!.gaps, true);
  assertEquals((await read([start, whole]))[0]!.gaps, false);
  // A reset does not end what is missing, whatever comes behind it.
  const reset = segment(UP, { flags: RST | ACK, sequence: 10 });
  const after = segment(DOWN, { flags: ACK, sequence: 70 });
  const late6 = segment(UP, { sequence: 6, payload: text("late") });
  assertEquals((await read([start, late6, reset, after])).map(({ gaps }) => gaps), [true]);
});

Deno.test("recording: connections of the same ports, and without a SYN", async () => {
  const again = await read([
    segment(UP, { flags: SYN, sequence: 0 }),
    segment(UP, { flags: SYN, sequence: 0 }), // sent once more
    segment(UP, { sequence: 1, payload: text("one") }),
    segment(UP, { flags: RST, sequence: 4 }),
    segment(UP, { flags: SYN, sequence: 0 }),
    segment(UP, { sequence: 1, payload: text("two") }),
  ]);
  assertEquals(again.map((one) => said(one, "client")), [text("one"), text("two")]);
  const [midway] = await read([
    segment(DOWN, { sequence: 70, payload: text("hello") }),
    segment(UP, { sequence: 10, payload: text("you") }),
  ]);
  assertEquals([midway!.client, said(midway, "server")], ["192.0.2.1:4000", text("hello")]);
  assertEquals(midway!.midway, true);
  const [answered] = await read([segment(DOWN, { flags: SYN | ACK, sequence: 70 })]);
  assertEquals(answered!.client, "192.0.2.1:4000");
});

Deno.test("recording: datagrams, IPv6, VLANs, Linux's any device and raw IP", async () => {
  const host = (hostname: string, port: number) => ({ transport: "udp", hostname, port });
  const path = { from: host("2001:db8::1", 5353), to: host("2001:db8::2", 53) };
  const [sixth] = await read([udpFrame(path, text("question"))]);
  assertEquals([sixth!.protocol, sixth!.client], ["udp", "[2001:db8::1]:5353"]);
  assertEquals(said(sixth, "client"), text("question"));

  const plain = segment(UP, { sequence: 1, payload: text("data") });
  const tagged = concat([
    plain.subarray(0, 12),
    new Uint8Array([0x81, 0, 0, 7]),
    plain.subarray(12),
  ]);
  assertEquals(said((await read([tagged]))[0], "client"), text("data"));
  const ip = plain.subarray(14);
  for (const [link, header] of [[101, 0], [113, 16], [276, 20], [0, 4]] as const) {
    for (const little of [true, false]) {
      for (const [magic, perSecond] of [[0xa1b2c3d4, 1e6], [0xa1b23c4d, 1e9]] as const) {
        const front = new Uint8Array(header);
        if (link === 113 || link === 276) front.set([8, 0], link === 113 ? 14 : 0); // IPv4
        const packet = concat([front, ip]);
        const file = pcap([packet, packet.subarray(0, 9)], { link, little, magic, perSecond });
        const { recordings: [one] } = await readRecordings({ path: "test", bytes: file });
        assertEquals(said(one, "client"), text("data"));
        assertEquals(one!.steps[0]!.at, 0);
      }
    }
  }
});

Deno.test("recording: a file that was cut off, and one that is no capture", async () => {
  const frame = segment(UP, { sequence: 1, payload: text("data") });
  const blocks = [HEADER, packetBlock({ at: 0, bytes: frame })];
  const whole = concat([...blocks, packetBlock({ at: 1, bytes: frame })]);
  const boundaries: number[] = [];
  const view = new DataView(whole.buffer);
  for (let at = 0; at < whole.length; at += view.getUint32(at + 4, true)) boundaries.push(at);
  const counts = new Set<number>();
  for (let length = 0; length < whole.length; length++) {
    const bytes = whole.subarray(0, length);
    try {
      const { recordings, troubles } = await readRecordings({ path: "test", bytes });
      counts.add(recordings.length);
      // Between two blocks nothing is missing that could be noticed.
      const between = boundaries.includes(length);
      assertEquals(troubles.length, between ? 0 : 1, `${length} bytes`);
    } catch (error) {
      assertStringIncludes((error as Error).message, "is no capture");
    }
  }
  assertEquals([...counts], [0, 1]);
  await assertRejects(
    () => readRecordings({ path: "x.txt", bytes: text("GET / HTTP/1.1\r\nHost: a\r\n") }),
    UsageError,
    "Cannot read x.txt: it is no capture",
  );
});

Deno.test("recording: whatever bytes a file has, reading it ends", async () => {
  const frame = segment(UP, { sequence: 1, payload: text("data") });
  const good = concat([
    HEADER,
    packetBlock({ at: 0, bytes: frame }),
    packetBlock({ at: 1, bytes: frame }),
  ]);
  for (let seed = 1; seed <= 2000; seed++) {
    const next = randomWords(seed);
    const bytes = good.slice();
    for (let count = 1 + next() % 4; count > 0; count--) {
      bytes[4 + next() % (bytes.length - 4)] = next();
    }
    await readRecordings({ path: "test", bytes });
  }
});

Deno.test("recording: blocks that are too short for what they are, and fragments", async () => {
  const block = (type: number, body: Uint8Array) => {
    const view = new DataView(new ArrayBuffer(12 + body.length));
    view.setUint32(0, type, true);
    for (const place of [4, 8 + body.length]) view.setUint32(place, 12 + body.length, true);
    new Uint8Array(view.buffer).set(body, 8);
    return new Uint8Array(view.buffer);
  };
  const option = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0]);
  for (const body of [new Uint8Array(0), option]) {
    const bytes = concat([HEADER, block(1, body), block(6, new Uint8Array(4))]);
    const at = HEADER.length + 12 + body.length;
    assertEquals(await readRecordings({ path: "test", bytes }), {
      recordings: [],
      troubles: [`1 block without a whole packet of a known interface, the first at byte ${at}`],
    });
  }
  const datagram = udpFrame({ from: CLIENT, to: SERVER }, text("whole"));
  const part = datagram.slice();
  part[20] = 0x20; // more fragments
  const bytes = concat([HEADER, packetBlock({ at: 0, bytes: part })]);
  assertEquals(await readRecordings({ path: "test", bytes }), {
    recordings: [],
    troubles: ["1 packet of which a fragment lacks"],
  });
});

Deno.test("recording: lengths that contradict each other are counted, and what they hide is no data", async () => {
  const whole = segment(UP, { sequence: 1, payload: text("good") });
  const broken = (at: number, value: number) => {
    const frame = segment(UP, { sequence: 5, payload: text("no data") });
    frame[at] = value;
    return frame;
  };
  const datagram = udpFrame({ from: CLIENT, to: SERVER }, text("short"));
  datagram[39] = 4; // of the datagram, less than its header
  const frames = [
    broken(14, 0x43), // the IP header: 12 bytes
    broken(17, 10), // the packet: 10 bytes
    broken(46, 0x30), // the TCP header: 12 bytes
    broken(46, 0xf0), // the same: 60 bytes
    datagram,
  ];
  const bytes = pcap([whole, ...frames], { link: 1 });
  const { recordings, troubles } = await readRecordings({ path: "test", bytes });
  assertEquals(recordings.map((one) => said(one, "client")), [text("good")]);
  assertEquals(troubles, ["5 packets with a wrong length in the headers"]);
});

Deno.test("recording: a snap length cuts also what leaves its length to the network card, and fragments", async () => {
  const long = segment(UP, { sequence: 1, payload: text("x".repeat(200)) });
  long.set([0, 0], 16); // the length of the packet
  const { recordings, troubles } = await readRecordings({
    path: "test",
    bytes: pcap([long], { link: 1, snap: 100 }),
  });
  assertEquals([recordings.map(({ gaps }) => gaps), troubles], [[true], []]);
  // Within the options of a SYN nothing is missing that was said.
  const syn = segment(UP, { flags: SYN, sequence: 1 });
  const cut = await readRecordings({ path: "test", bytes: pcap([syn], { link: 1, snap: 58 }) });
  assertEquals([cut.recordings.map(({ gaps }) => gaps), cut.troubles], [[false], []]);
  const fragment = udpFrame({ from: CLIENT, to: SERVER }, text("x".repeat(200)));
  fragment[20] = 0x20; // more of them
  assertEquals(
    (await readRecordings({ path: "test", bytes: pcap([fragment], { link: 1, snap: 100 }) }))
      .troubles,
    ["1 packet of fragments that are cut"],
  );
});

Deno.test("recording: bytes of a connection whose SYN is not there are missing from the one before", async () => {
  const ask = segment(UP, { sequence: 1, payload: text("ask") });
  for (const flags of [FIN | ACK, RST | ACK]) {
    const end = segment(UP, { flags, sequence: 4 });
    const again = segment(UP, { sequence: 1, payload: text("ask") });
    const other = segment(UP, { sequence: 70_000, payload: text("other") });
    assertEquals((await read([ask, end, again])).map(({ gaps }) => gaps), [false]);
    assertEquals((await read([ask, end, other])).map(({ gaps }) => gaps), [true]);
  }
});

Deno.test("recording: fragments in any order and twice, also after the whole, are one datagram", async () => {
  const [first, last] = inFragments("x".repeat(56));
  for (const frames of [[first, last], [last, first], [first, first, last], [first, last, last]]) {
    const { recordings, troubles } = await readRecordings({
      path: "",
      bytes: pcap(frames, { link: 1 }),
    });
    assertEquals(recordings.map((one) => said(one, "client").length), [56]);
    assertEquals(troubles, []);
  }
});

Deno.test("recording: fragments of two datagrams that have the same number are not mixed", async () => {
  const [first] = inFragments("x".repeat(56));
  const [again, last] = inFragments("y".repeat(56));
  const frames = [first, again, last];
  const { recordings, troubles } = await readRecordings({
    path: "",
    bytes: pcap(frames, { link: 1 }),
  });
  assertEquals(recordings.map((one) => said(one, "client")), [text("y".repeat(56))]);
  assertEquals(troubles, ["1 packet of which a fragment lacks"]);
});

/** A datagram of 56 bytes in two fragments. */
function inFragments(payload: string): [first: Uint8Array, last: Uint8Array] {
  const whole = udpFrame({ from: CLIENT, to: SERVER }, text(payload));
  const fragment = ([from, to]: readonly [number, number], more: number) => {
    const part = concat([whole.subarray(0, 34), whole.subarray(34 + from, 34 + to)]);
    part.set([0, 52], 16); // the length
    part.set([more, from / 8], 20); // and where it begins
    return part;
  };
  return [fragment([0, 32], 0x20), fragment([32, 64], 0)];
}

Deno.test("recording: while a large file is read, others have their turn", async () => {
  const packets = Array<Uint8Array>(50_000).fill(new Uint8Array(1));
  let turns = 0;
  const passed = setInterval(() => turns++);
  await readRecordings({ path: "test", bytes: pcap(packets, { link: 1 }) });
  clearInterval(passed);
  assert(turns > 0);
});

Deno.test("recording: zeros behind the last packet are no packets", async () => {
  const file = pcap([segment(UP, { sequence: 1, payload: text("data") })], { link: 1 });
  const bytes = concat([file, new Uint8Array(160)]);
  const { recordings, troubles } = await readRecordings({ path: "", bytes });
  assertEquals(recordings.map((one) => said(one, "client")), [text("data")]);
  assertEquals(troubles, [
    `the file ends, or is damaged, within the packet at byte ${file.length}`,
  ]);
});

Deno.test("recording: damage that swallows what comes behind it is told", async () => {
  const frames = ["one", "two"].map((word, index) =>
    segment(UP, { sequence: 1 + 3 * index, payload: text(word) })
  );
  const file = pcap(frames, { link: 1 });
  const swallowing = file.slice();
  new DataView(swallowing.buffer).setUint32(24 + 8, file.length - 24 - 16, true);
  assertEquals(
    (await readRecordings({ path: "test", bytes: swallowing })).troubles,
    ["1 packet longer in the file than on the wire"],
  );
  const blocks = frames.map((bytes, index) => packetBlock({ at: index, bytes }));
  const next = concat([HEADER, ...blocks]);
  const length = next.length - HEADER.length;
  new DataView(next.buffer).setUint32(HEADER.length + 4, length, true);
  new DataView(next.buffer).setUint32(next.length - 4, length - 4, true);
  assertEquals((await readRecordings({ path: "test", bytes: next })).troubles, [
    `the lengths at the ends of the block at byte ${HEADER.length} differ`,
  ]);
});

// What each capture holds; where nothing is said, the client `one\ntwo\n` and the server in capitals.
const WHOLE = [["one\ntwo\n", "ONE\nTWO\n"]];
const END = /ends, or is damaged, within the packet at byte 522$/;
const HELD: Readonly<Record<string, { said?: string[][]; trouble?: RegExp; midway?: boolean }>> = {
  "answers-after-close.pcap": { said: [["ask\n", "answer 1\nanswer 2\nbye\n"]] },
  "cut-before-two.pcap": { said: [["one\n", "ONE\n"]], trouble: END },
  "cut-copy.pcap": { said: [["one\n", "ONE\n"]] },
  "damaged-length-before-two.pcap": { said: [["one\n", "ONE\n"]], trouble: END },
  "gap-60-days.pcap": { said: [["one\ntwo\n", ""]] },
  "ip6-atomic-fragment.pcap": {},
  "ip6-length-0-tso.pcap": { said: [[`${"A".repeat(300)}end\n`, ""]] },
  "lines-300ms-apart.pcapng": { said: [["1\n2\n3\n4\n5\n6\n", ""]] },
  "midstream-server-first.pcap": {
    said: [["GET /next\n", "tail of an answer\nanswer\n"]],
    midway: true,
  },
  "pppoe.pcap": {},
  "reset-out-of-window.pcap": {},
  "spb-mixed.pcapng": {},
  "syn-after-reset.pcap": { said: [["one\n", "ONE\n"], ["second\n", ""]] },
  "synack-before-syn.pcap": { said: [["one\n", "ONE\n"], ["second\n", ""]] },
  "tcp-last-segment-fragmented.pcap": { said: [[`one\n${"B".repeat(100)}`, ""]] },
  "tsoffset.pcapng": { said: [["one\ntwo\n", "ONE\n"]] },
  "two-synacks.pcap": { said: [["one\n", "ONE\n"]] },
  "udp-and-a-fragmented-ping.pcap": { said: [["query", "answer"]] },
  "udp-length-short.pcap": { said: [["queryquestion", ""]] },
};

for (const [name, { said: streams = WHOLE, trouble, midway = false }] of Object.entries(HELD)) {
  Deno.test(`recording: ${name}`, async () => {
    const path = new URL(`../../testdata/captures/${name}`, import.meta.url);
    const { recordings, troubles } = await readRecordings({
      path: name,
      bytes: await Deno.readFile(path),
    });
    const text = (one: Recording, by: "client" | "server") =>
      new TextDecoder().decode(said(one, by));
    assertEquals(recordings.map((one) => [text(one, "client"), text(one, "server")]), streams);
    assertEquals(recordings.map((one) => one.midway), streams.map(() => midway));
    assertEquals(recordings.some(({ gaps }) => gaps), false);
    assertEquals(troubles.length, trouble ? 1 : 0);
    if (trouble) assertMatch(troubles[0]!, trouble);
    const last = recordings[0]!.steps.at(-1)!.at;
    if (name === "tsoffset.pcapng") assert(last <= 11, `${last} ms`);
    if (name === "gap-60-days.pcap") assert(last >= 60 * 24 * 3600 * 1000);
  });
}
