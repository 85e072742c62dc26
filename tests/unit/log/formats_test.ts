/** Every event in both formats. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Event } from "../../../lib/log/event.ts";
import { jsonFormat } from "../../../lib/log/json_format.ts";
import { textFormat } from "../../../lib/log/text_format.ts";

const address = { transport: "tcp", hostname: "::1", port: 80 };
const remote = { transport: "tcp", hostname: "127.0.0.1", port: 5 };
const payload = new TextEncoder().encode("hé\x1b\n");

const EVENTS: readonly (readonly [event: Event, text: string])[] = [
  [{ event: "listening", address }, "listening tcp://[::1]:80"],
  [
    { event: "opened", connection: 1, remote, local: address, service: "echo" },
    "#1 opened tcp://127.0.0.1:5",
  ],
  [
    {
      event: "opened",
      connection: 1,
      remote,
      local: address,
      service: "discard",
      via: address,
      alpn: "h2",
      subject: "CN=\x1b",
    },
    "#1 opened tcp://127.0.0.1:5 via tcp://[::1]:80, certificate CN=\\x1b, ALPN h2, discard",
  ],
  [
    { event: "data", connection: 1, direction: "in", offset: 0, payload },
    "#1 < 5 bytes: hé\\x1b\\n",
  ],
  [{ event: "data", direction: "out", offset: 9, payload }, "> 5 bytes: hé\\x1b\\n"],
  [
    {
      event: "closed",
      connection: 2,
      remote,
      received: 1,
      sent: 1234,
      elapsedMs: 1,
      reason: "eof",
    },
    "#2 closed tcp://127.0.0.1:5: 1 byte in, 1,234 bytes out, 1 ms, closed by the peer",
  ],
  [
    { event: "closed", remote, received: 0, sent: 0, elapsedMs: 1, reason: "error", detail: "why" },
    "closed tcp://127.0.0.1:5: 0 bytes in, 0 bytes out, 1 ms, why",
  ],
  [
    { event: "refused", remote, reason: "limit", detail: "2 connections open already" },
    "refused tcp://127.0.0.1:5: 2 connections open already",
  ],
  [
    { event: "acceptFailed", address, error: "too many open files", gone: false },
    "Cannot accept on tcp://[::1]:80: too many open files; trying again",
  ],
  [
    { event: "acceptRecovered", address, failures: 3 },
    "accepting again on tcp://[::1]:80 after 3 failures",
  ],
  [
    {
      event: "stats",
      open: 1,
      openedPerSecond: 0.5,
      chunksPerSecond: 1234.4,
      receivedPerSecond: 2048,
      sentPerSecond: 0,
    },
    "1 open, 0.5 connections/s, 1,234 chunks/s, 2 KiB/s in, 0 B/s out",
  ],
  [
    { event: "stopping", open: 1, graceMs: 5000 },
    "stopping: waiting up to 5 s for 1 connection; interrupt again to stop at once",
  ],
  [
    { event: "summary", connections: 2, refused: 1, received: 3, sent: 3, elapsedMs: 1500 },
    "served 2 connections, refused 1: 3 bytes in, 3 bytes out, 1.5 s",
  ],
  [{ event: "missed", chunks: 1024, others: 0 }, "… 1,024 chunks not shown"],
  [{ event: "missed", chunks: 1, others: 2 }, "… 1 chunk and 2 other events not shown"],
];

const plain = textFormat({ show: "text", paint: (_, text) => text });
const json = jsonFormat({ show: "text" });

for (const [event, expected] of EVENTS) {
  Deno.test(`${event.event}: ${expected}`, () => {
    const line = plain(event, 0);
    if (event.event !== "listening") assertMatch(line, /^\d\d:\d\d:\d\d\.\d{3} /);
    assertEquals(line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""), `${expected}\n`);

    const record = JSON.parse(json(event, 0));
    assertMatch(record.event, /^[a-z-]+$/);
    assertEquals(record.time, "1970-01-01T00:00:00.000Z");
  });
}

Deno.test("JSON gives addresses as on the command line, and the listener's in parts too", () => {
  assertEquals(JSON.parse(json({ event: "listening", address }, 0)), {
    event: "listening",
    time: "1970-01-01T00:00:00.000Z",
    address: "tcp://[::1]:80",
    transport: "tcp",
    hostname: "::1",
    port: 80,
  });
  const opened = JSON.parse(
    json({ event: "opened", connection: 1, remote, local: address, service: "echo" }, 0),
  );
  assertEquals([opened.remote, opened.local], ["tcp://127.0.0.1:5", "tcp://[::1]:80"]);
});

Deno.test("JSON payload: text cut at 4 KiB, hex whole, or its size", () => {
  const large = new Uint8Array(5000).fill(0x61);
  const event: Event = { event: "data", direction: "in", offset: 1, payload: large };
  const text = JSON.parse(json(event, 0));
  assertEquals([text.bytes, text.text.length, text.truncated], [5000, 4096, true]);
  const hex = JSON.parse(jsonFormat({ show: "hex" })(event, 0));
  assertEquals(hex.hex, "61".repeat(5000));
  const size = JSON.parse(jsonFormat({ show: "size" })(event, 0));
  assertEquals([size.bytes, size.text, size.hex], [5000, undefined, undefined]);
});

Deno.test("listening: with its name where it was given one, as the command line writes it", () => {
  const named = textFormat({ show: "text", paint: (_, text) => text, showsEndpoint: () => true });
  const line = (endpoint: string) => named({ event: "listening", endpoint, address }, 0);
  assertEquals(line("six"), "listening tcp://[::1]:80,name=six\n");
  assertEquals(line("[::1]:80"), "listening tcp://[::1]:80\n");
});
