import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { InetAddress } from "../../../lib/net/address.ts";
import { concat } from "@std/bytes/concat";
import { UsageError } from "../../../lib/core/errors.ts";
import { ACK, FIN, PSH, RST, SYN, tcpFrame, udpFrame } from "../../../lib/capture/packet.ts";
import { fileHeader, packetBlock } from "../../../lib/capture/pcapng_writer.ts";
import { readRecordings, type Recording } from "../../../lib/capture/recording.ts";
import { randomBytes, randomWords } from "../../support/bytes.ts";

const CLIENT: InetAddress = { transport: "tcp", hostname: "192.0.2.1", port: 4000 };
const SERVER: InetAddress = { transport: "tcp", hostname: "192.0.2.2", port: 80 };
const UP = { from: CLIENT, to: SERVER };
const DOWN = { from: SERVER, to: CLIENT };

const HEADER = fileHeader({ application: "test", name: "test" });

function read(frames: readonly Uint8Array[]): Recording[] {
  const blocks = frames.map((bytes, index) => packetBlock({ at: 1e12 + index, bytes }));
  return readRecordings({ path: "test", bytes: concat([HEADER, ...blocks]) });
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
  const steps = recording!.steps.filter((step) => step.by === by);
  return concat(steps.map(({ what }) => what).filter((what) => typeof what !== "string"));
}

Deno.test("recording: who said what when, and how each side ended", () => {
  const [one, ...others] = read([
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
  });
});

Deno.test("recording: segments in any order, twice and overlapping, are each byte once", () => {
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
    const [one] = read([segment(UP, { flags: SYN, sequence: first }), ...frames, ...frames]);
    assertEquals(said(one, "client"), bytes, `seed ${seed}`);
    assertEquals(one!.steps.at(-1)!.what, "fin");
    assertEquals(one!.gaps, false);
  }
});

Deno.test("recording: what is not in the capture is noticed", () => {
  const start = segment(UP, { flags: SYN, sequence: 0 });
  const lost = read([start, segment(UP, { sequence: 6, payload: text("late") })]);
  assertEquals(lost[0]!.gaps, true);
  const whole = segment(UP, { sequence: 1, payload: text("cut off") });
  assertEquals(read([start, whole.subarray(0, -3)])[0]!.gaps, true);
  assertEquals(read([start, whole])[0]!.gaps, false);
});

Deno.test("recording: connections of the same ports, and without a SYN", () => {
  const again = read([
    segment(UP, { flags: SYN, sequence: 0 }),
    segment(UP, { flags: SYN, sequence: 0 }), // sent once more
    segment(UP, { sequence: 1, payload: text("one") }),
    segment(UP, { flags: RST, sequence: 4 }),
    segment(UP, { flags: SYN, sequence: 0 }),
    segment(UP, { sequence: 1, payload: text("two") }),
  ]);
  assertEquals(again.map((one) => said(one, "client")), [text("one"), text("two")]);
  const [midway] = read([
    segment(DOWN, { sequence: 70, payload: text("hello") }),
    segment(UP, { sequence: 10, payload: text("you") }),
  ]);
  assertEquals([midway!.client, said(midway, "server")], ["192.0.2.2:80", text("you")]);
  const [answered] = read([segment(DOWN, { flags: SYN | ACK, sequence: 70 })]);
  assertEquals(answered!.client, "192.0.2.1:4000");
});

Deno.test("recording: datagrams, IPv6, VLANs, Linux's any device and raw IP", () => {
  const host = (hostname: string, port: number) => ({ transport: "udp", hostname, port });
  const path = { from: host("2001:db8::1", 5353), to: host("2001:db8::2", 53) };
  const [sixth] = read([udpFrame(path, text("question"))]);
  assertEquals([sixth!.protocol, sixth!.client], ["udp", "[2001:db8::1]:5353"]);
  assertEquals(said(sixth, "client"), text("question"));

  const plain = segment(UP, { sequence: 1, payload: text("data") });
  const tagged = concat([
    plain.subarray(0, 12),
    new Uint8Array([0x81, 0, 0, 7]),
    plain.subarray(12),
  ]);
  assertEquals(said(read([tagged])[0], "client"), text("data"));
  const ip = plain.subarray(14);
  for (const [link, header] of [[101, 0], [113, 16], [276, 20], [0, 4]] as const) {
    for (const little of [true, false]) {
      for (const [magic, perSecond] of [[0xa1b2c3d4, 1e6], [0xa1b23c4d, 1e9]] as const) {
        const packet = concat([new Uint8Array(header), ip]);
        const file = pcap([packet, packet.subarray(0, 9)], { link, little, magic, perSecond });
        const [one] = readRecordings({ path: "test", bytes: file });
        assertEquals(said(one, "client"), text("data"));
        assertEquals(one!.steps[0]!.at, 0);
      }
    }
  }
});

/** A capture as tcpdump writes it; packets are half a second apart. */
function pcap(
  packets: readonly Uint8Array[],
  { link, little, magic, perSecond }: {
    link: number;
    little: boolean;
    magic: number;
    perSecond: number;
  },
): Uint8Array {
  const words = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, index) => view.setUint32(index * 4, value, little));
    return new Uint8Array(view.buffer);
  };
  return concat([
    words(magic, 0x00040002, 0, 0, 65535, link),
    ...packets.flatMap((packet, index) => [
      words(1e9, index * perSecond / 2, packet.length, packet.length),
      packet,
    ]),
  ]);
}

Deno.test("recording: a file that was cut off, and one that is no capture", () => {
  const frame = segment(UP, { sequence: 1, payload: text("data") });
  const blocks = [HEADER, packetBlock({ at: 0, bytes: frame })];
  const whole = concat([...blocks, packetBlock({ at: 1, bytes: frame })]);
  const counts = new Set<number>();
  for (let length = 0; length < whole.length; length++) {
    const bytes = whole.subarray(0, length);
    try {
      counts.add(readRecordings({ path: "test", bytes }).length);
    } catch (error) {
      assertStringIncludes((error as Error).message, "is no capture");
    }
  }
  assertEquals([...counts], [0, 1]);
  assertThrows(
    () => readRecordings({ path: "x.txt", bytes: text("GET / HTTP/1.1\r\nHost: a\r\n") }),
    UsageError,
    "Cannot read x.txt: it is no capture",
  );
});

Deno.test("recording: whatever bytes a file has, reading it ends", () => {
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
    readRecordings({ path: "test", bytes });
  }
});

Deno.test("recording: blocks that are too short for what they are, and fragments", () => {
  const block = (type: number, body: Uint8Array) => {
    const view = new DataView(new ArrayBuffer(12 + body.length));
    view.setUint32(0, type, true);
    view.setUint32(4, 12 + body.length, true);
    new Uint8Array(view.buffer).set(body, 8);
    return new Uint8Array(view.buffer);
  };
  const option = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0]);
  for (const body of [new Uint8Array(0), option]) {
    const bytes = concat([HEADER, block(1, body), block(6, new Uint8Array(4))]);
    assertEquals(readRecordings({ path: "test", bytes }), []);
  }
  const datagram = udpFrame({ from: CLIENT, to: SERVER }, text("whole"));
  const part = datagram.slice();
  part[20] = 0x20; // more fragments
  assertEquals(read([datagram])[0]!.gaps, false);
  assertEquals(read([datagram, part])[0]!.gaps, true);
});
