/** The page of the control interface, without a browser: what it keeps, writes and is made of. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bundlePage } from "../../../.github/tools/page.ts";
import { concat } from "@std/bytes/concat";
import { readRecordings, saidBy } from "../../../lib/capture/recording.ts";
import { splitItems } from "../../../lib/cli/items.ts";
import { controlPage } from "../../../lib/control/page.ts";
import { ByteLog } from "../../../lib/control/page/byte_log.ts";
import { commandLine, faultText, shellWord } from "../../../lib/control/page/command_line.ts";
import { type Api, ApiError } from "../../../lib/control/page/api.ts";
import { follow } from "../../../lib/control/page/follow.ts";
import { readMessages } from "../../../lib/control/page/messages.ts";
import { packetsOf } from "../../../lib/control/page/packets.ts";
import { readPlace, tokenIn, writePlace } from "../../../lib/control/page/place.ts";
import { lastPlace, placeOf, valueAt } from "../../../lib/control/page/scale.ts";
import { type ConnectionView, Store } from "../../../lib/control/page/store.ts";
import type { StateMessage } from "../../../lib/control/v1/state_message.ts";
import { catalog } from "../../../lib/control/v1/catalog.ts";
import { printable } from "../../../lib/terminal/sanitize.ts";
import { randomBytes } from "../../support/bytes.ts";
import { withBundler } from "../../support/skips.ts";
import { faults } from "../../../lib/faults/kinds.ts";
import { parseFault } from "../../../lib/faults/parse.ts";

const SAMPLE = { open: 0, connections: 0, refused: 0, received: 0, sent: 0, faults: 0 };

const MAX_PAGE_BYTES = 150 * 1024;

Deno.test({
  ...withBundler("page: the committed script is that of its sources (deno task page)"),
  async fn() {
    const bundle = await Deno.readTextFile(
      new URL("../../../lib/control/page/bundle.js", import.meta.url),
    );
    assertEquals(bundle, await bundlePage());
  },
});

Deno.test("page: it fits, its policy allows what it has and no more", async () => {
  const { html, policy } = await controlPage();
  assert(new TextEncoder().encode(html).length <= MAX_PAGE_BYTES, `${html.length} bytes`);
  assert(!policy.includes("unsafe-"));
  assertMatch(policy, /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+';/);
  assertEquals(html.match(/<script/g)?.length, 1);
  assertEquals(html.match(/\sstyle="/g), null);
});

Deno.test("page: a fault as its command line is read as the same fault", () => {
  const mainOf = (kind: string) => catalog().faults.find(({ name }) => name === kind)?.main;
  for (const { example } of faults) {
    const { fault, given } = parseFault(`${example},name=n`);
    const json = { ...Object.fromEntries(given), name: "n", kind: fault.name };
    const again = parseFault(faultText(json, mainOf));
    assertEquals(new Map(again.given), new Map(given), example);
  }
  const hostile = { name: 'a "b",c=d', kind: "noop", match: "x,until=5" };
  const { given } = parseFault(faultText(hostile, mainOf));
  assertEquals(Object.fromEntries(given), { match: "x,until=5", name: 'a "b",c=d' });
});

Deno.test("page: endpoints as one command line, for a shell", () => {
  const endpoint = {
    ...{ name: "it's", address: "tcp://[::1]:9", service: "reply", enabled: false },
    options: { reply: "one,more=two", allow: ["::1", "10.0.0.0/8"] },
    faults: [{ name: "f", kind: "latency", latency: "1s", firings: undefined }],
    sample: { ...SAMPLE, time: 0 },
  };
  const line = commandLine([endpoint], { seed: 7, mainOf: () => "latency" });
  assertEquals(
    line,
    `netecho server 'tcp://[::1]:9=reply,name=it'\\''s,enabled=false,reply="one,more=two",` +
      `allow=::1,allow=10.0.0.0/8' --fault 'latency:1s,name=f,on=it'\\''s' --seed 7`,
  );
  assertEquals(shellWord("a;b"), "'a;b'");
  assertEquals(splitItems('x=reply,reply="one,more=two"', /^$/).pairs, [["reply", "one,more=two"]]);
});

Deno.test("page: every place of a slider is a value of its own, which has that place again", () => {
  for (const placeholder of ["D", "SIZE", "RATE", "SHARE", "N"]) {
    for (let place = 0; place <= lastPlace(placeholder); place++) {
      const text = valueAt(place, placeholder);
      assertEquals(placeOf(text, placeholder), place, `${placeholder}: ${text}`);
    }
    assert(lastPlace(placeholder) >= 80, placeholder);
    assertEquals(placeOf("nonsense", placeholder), 0);
  }
  assertEquals(["1h", "1ms", "0"].map((text) => placeOf(text, "D")), [lastPlace("D"), 1, 0]);
});

Deno.test("page: the address bar says what is chosen, whatever its name", () => {
  for (const endpoint of ["db", "a/b", "%", "#?&", "../x", "é"]) {
    const place = { endpoint, connection: 17 };
    assertEquals(readPlace(writePlace(place)), place);
  }
  assertEquals(readPlace("#/endpoint/%ff"), { endpoint: "%ff" });
  assertEquals(readPlace("#/nothing"), {});
  assertEquals([tokenIn("#token=a%2Bb"), tokenIn("#/endpoint/token")], ["a+b", undefined]);
});

Deno.test("page: messages are read whole, however they are cut", async () => {
  const text = ': hi\n\nid: a-1\ndata: {"x":"é"}\n\ndata: 2\n\n';
  const bytes = new TextEncoder().encode(text);
  const stream = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  assertEquals(await Array.fromAsync(readMessages(stream)), [
    { id: "a-1", data: { x: "é" } },
    { id: undefined, data: 2 },
  ]);
});

function begun(): Store {
  const store = new Store();
  const endpoint = {
    ...{ name: "db", address: "tcp://[::]:1", service: "echo", enabled: true, options: {} },
    faults: [{ name: "f", kind: "noop" }],
    sample: { ...SAMPLE, time: 1000 },
  };
  store.apply({
    state: {
      ...{ instance: "i", version: "1", seed: 1, started: 0, host: "h" },
      endpoints: [endpoint],
      sessions: [],
      samples: [{ ...SAMPLE, time: 1000 }],
    },
  });
  return store;
}

const at = (time: number) => new Date(time).toISOString();
const opened = (connection: number) => ({
  ...{ event: "opened", time: at(1500), endpoint: "db", connection, service: "echo" },
  ...{ remote: "tcp://[::1]:5", local: "tcp://[::1]:1" },
});
const closed = (connection: number) => ({
  ...{ event: "closed", time: at(3000), endpoint: "db", connection, remote: "tcp://[::1]:5" },
  ...{ received: 7, sent: 9, elapsedMs: 1500, reason: "eof" },
});

Deno.test("page: the store follows events and samples, with rates", () => {
  const store = begun();
  const apply = (message: StateMessage) => store.apply(message);
  apply({ events: [opened(1)], endpoints: [] });
  apply({
    events: [{
      event: "fault",
      time: at(1600),
      endpoint: "db",
      connection: 1,
      fault: "f",
      detail: "struck",
    }],
  });
  const all = {
    ...SAMPLE,
    time: 2000,
    open: 1,
    connections: 1,
    received: 500,
    sent: 100,
    faults: 1,
  };
  apply({ sample: { all, endpoints: [{ name: "db", ...all }], sessions: [[1, 500, 100]] } });
  const { receivedRate, sentRate, faults } = store.connections.get(1)!;
  assertEquals([receivedRate, sentRate, faults], [1000, 200, ["f"]]); // in half a second
  assertEquals(store.rates, { received: 500, sent: 100 });
  const [fault] = store.endpoints.get("db")!.faults;
  assertEquals(fault!.firings, { count: 1, last: 1600, detail: "struck" });
  apply({ events: [closed(1)] });
  const { closed: end, received } = store.connections.get(1)!;
  assertEquals([end, received], [{ at: 3000, reason: "eof", detail: "" }, 7]);
  apply({ events: [], endpoints: [{ name: "db", removed: true }] });
  assertEquals([store.gaps, store.endpoints.size], [0, 0]);
  const { server, samples } = store;
  apply({ state: { ...server!, endpoints: [], sessions: [], samples } });
  assertEquals([store.gaps, store.connections.size], [1, 0]); // the stream could not go on
});

Deno.test("page: a million connections leave a bounded number behind", () => {
  const store = begun();
  for (let connection = 1; connection <= 20_000; connection++) {
    store.apply({ events: [opened(connection), closed(connection)] });
  }
  assertEquals(store.connections.size, 500);
  for (let time = 0; time < 1000; time++) {
    store.apply({ sample: { all: { ...SAMPLE, time }, endpoints: [], sessions: [] } });
  }
  assertEquals(store.samples.length, 300);
});

Deno.test("page: where the stream breaks it goes on behind the last message; without a token it ends", async () => {
  const asked: (string | undefined)[] = [];
  const answers = [
    () => Promise.resolve(new Response('id: i-1\ndata: {"events":[]}\n\nid: i-2\ndata: {}\n\n')),
    () => Promise.reject(new ApiError(0, "the server does not answer")),
    () => Promise.reject(new ApiError(401, "a token is needed")),
  ];
  const api = {
    open(_: string, { headers }: { headers?: Record<string, string> }) {
      asked.push(headers?.["last-event-id"]);
      return answers[asked.length - 1]!();
    },
  };
  const store = begun();
  await follow(store, { api: api as unknown as Api, signal: new AbortController().signal });
  assertEquals(asked, [undefined, "i-2", "i-2"]);
  assertEquals([store.asksToken, store.trouble], [true, "a token is needed"]);
});

const said = (text: string, offset = 0) => ({
  direction: "in" as const,
  time: 5,
  offset,
  bytes: new TextEncoder().encode(text).toBase64(),
});

Deno.test("byte log: rows of text end behind a line feed or where they are long, within no character", () => {
  const log = new ByteLog();
  const long = `${"é".repeat(100)}\nend`;
  log.add(said(long, 10));
  const view = log.view();
  const rows = view.rows("text", { from: 0, to: view.rowCount("text") });
  assertEquals(rows.map(({ text }) => text).join(""), long.replace("\n", "\\n"));
  assertEquals(rows.map(({ offset }) => offset), [10, 130, 211]);
  assertEquals(rows.map(({ time }) => time), [5, undefined, undefined]);
  assertEquals(view.rowCount("hex"), Math.ceil(204 / 16));
});

Deno.test("byte log: no row is wider than can be seen, whatever passed, and none lacks a byte", () => {
  const binary = randomBytes(5000);
  for (
    const bytes of [binary, new TextEncoder().encode("é\u202e".repeat(999)), new Uint8Array(999)]
  ) {
    const log = new ByteLog();
    log.add({ direction: "out", time: 1, offset: 0, bytes: bytes.toBase64() });
    const view = log.view();
    const rows = view.rows("text", { from: 0, to: view.rowCount("text") });
    const widest = Math.max(...rows.map(({ text }) => text.length));
    assert(widest <= 4 * 120, `${widest} columns`);
    assertEquals(rows.map(({ text }) => text).join(""), printable(bytes));
  }
});

Deno.test("byte log: what passed while the page was away is a gap", () => {
  const log = new ByteLog();
  log.add(said("one", 7));
  log.add(said("two", 15));
  const view = log.view();
  assertEquals(
    view.rows("text", { from: 1, to: 2 })[0]!.text,
    "5 bytes passed while the page was not connected",
  );
  assertEquals([view.lost, view.find("onetwo", "text")], [5, []]);
});

Deno.test("byte log: found across chunks, whatever the case, and not across what was skipped", () => {
  const log = new ByteLog();
  for (const [text, offset] of [["one\ntw", 0], ["O three", 6]] as const) {
    log.add(said(text, offset));
  }
  assertEquals(log.view().find("two", "text"), [2]);
  assertEquals(log.view().find("TW", "text"), [1]);
  log.add({ direction: "in", time: 6, offset: 13, skipped: 4, chunks: 1 });
  log.add(said("x", 17));
  assertEquals(log.view().find("threex", "text"), []);
  assertEquals(log.view().lost, 4);
});

Deno.test("byte log: a view stays as it was, and knows how many rows were before it", () => {
  const log = new ByteLog();
  log.add(said("one\ntwo\n"));
  const view = log.view();
  for (let index = 0; index < 5 * 1024; index++) log.add(said(`${"a".repeat(1023)}\n`));
  assertEquals(view.rows("text", { from: 0, to: 9 }).map(({ text }) => text), ["one\\n", "two\\n"]);
  const later = log.view();
  assertEquals(later.before("text") + later.rowCount("text"), 2 + 5 * 1024 * 9);
  assertEquals(later.before("hex") + later.rowCount("hex"), 1 + 5 * 1024 * 64);
  const [first] = later.find("a", "text");
  assertEquals(first, 0);
});

Deno.test("byte log: what is kept is bounded, and what is dropped is counted", () => {
  const log = new ByteLog();
  const piece = "a".repeat(1024);
  for (let index = 0; index < 5 * 1024; index++) log.add(said(piece, index * 1024));
  assertEquals(log.view().lost, 1024 * 1024);
  assertEquals(log.view().rowCount("hex") * 16, 4 * 1024 * 1024);
  assertEquals(log.added, 5 * 1024);
});

Deno.test("byte log: a capture of it has what was shown, and a gap where bytes were skipped", async () => {
  const log = new ByteLog();
  log.add(said("one"));
  log.add({ direction: "in", time: 6, offset: 3, skipped: 1000, chunks: 2 });
  log.add(said("two", 1003));
  log.add({ time: 7, end: "closed" });
  const view = {
    connection: 3,
    service: "echo",
    remote: "tcp://127.0.0.1:5",
    local: "tcp://127.0.0.1:1",
  };
  const blocks = packetsOf(log.view(), view as ConnectionView);
  const { recordings: [recording], troubles } = await readRecordings({
    path: "saved",
    bytes: concat(blocks),
  });
  const texts = saidBy("client", recording!).map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([texts, recording!.gaps, troubles], [["one"], true, []]);
});
