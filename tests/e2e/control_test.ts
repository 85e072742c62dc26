/** Changing a server while it runs. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { readMessages } from "../../lib/control/page/messages.ts";
import { echoThrough, readAll, readExactly, resettable, writeAll } from "../support/connections.ts";
import { randomBytes, randomWords } from "../support/bytes.ts";
import { Controlled } from "../support/control.ts";
import { Authority } from "../support/pki.ts";
import { netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { onLinux, withSignals } from "../support/skips.ts";

const BYTES = new Uint8Array([1, 2, 3]);
const CHANGES = 200;
const MESSAGE_BYTES = 2 * 1024 * 1024;

/** Faults that neither lose bytes nor close a connection. */
const CONSERVING = [
  { type: "latency", attributes: { latency: 3, jitter: 2 } },
  { type: "bandwidth", attributes: { rate: 200_000 } },
  { type: "slicer", attributes: { average_size: 20_000, size_variation: 9000, delay: 10 } },
  { type: "slow_close", attributes: { delay: 5 } },
  { type: "noop" },
  { type: "stall", attributes: { stall: "4ms" } },
  { type: "retransmit", attributes: { loss: "2%", rto: "3ms" } },
];

async function echoWith(...args: string[]): Promise<Controlled & { port: number }> {
  const server = await Controlled.start(["127.0.0.1:0,name=echo", "-q", ...args]);
  const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
  return Object.assign(server, { port });
}

const connectTo = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

Deno.test("control: faults come and go at random, and every byte arrives once and in order", async () => {
  await using echo = await Server.start(["-q"]);
  await using server = await Controlled.start(["-q", "--seed", "7"]);
  const upstream = `127.0.0.1:${echo.port}`;
  await server.ask("POST /proxies", { name: "p", listen: "127.0.0.1:0", upstream });
  using conn = await connectTo(await server.portOf("p"));
  let changes = 0;
  const transfer = echoWhile(conn, () => changes < CHANGES);
  const next = randomWords(7);
  const names: string[] = [];
  for (; changes < CHANGES; changes++) {
    const [choice, which] = [next() % 3, next()];
    const name = names[which % names.length];
    const fault = CONSERVING[which % CONSERVING.length]!;
    if (name === undefined || (choice === 0 && names.length < 6)) {
      const stream = which % 2 ? "upstream" : "downstream";
      const added = { ...fault, name: `f${changes}`, stream };
      assertEquals((await server.ask("POST /proxies/p/toxics", added)).status, 200);
      names.push(added.name);
    } else if (choice === 1) {
      const change = { toxicity: which % 2 };
      assertEquals((await server.ask(`PATCH /proxies/p/toxics/${name}`, change)).status, 200);
    } else {
      assertEquals((await server.ask(`DELETE /proxies/p/toxics/${name}`)).status, 204);
      names.splice(names.indexOf(name), 1);
    }
  }
  await server.ask("POST /reset");
  assert(await transfer > MESSAGE_BYTES);
});

// Sends messages and checks each as it comes back; returns how many bytes.
async function echoWhile(conn: Deno.Conn, more: () => boolean): Promise<number> {
  const bytes = randomBytes(MESSAGE_BYTES);
  let sent = 0;
  do {
    const [back] = await Promise.all([readExactly(conn, bytes.length), writeAll(conn, bytes)]);
    assert(back.every((byte, index) => byte === bytes[index]), `wrong after ${sent} bytes`);
    sent += bytes.length;
  } while (more());
  await conn.closeWrite();
  assertEquals((await readAll(conn)).length, 0);
  return sent;
}

Deno.test("control: endpoints of every service come, change and go", async () => {
  await using server = await Controlled.start(["--json"]);
  const made = await server.ask("POST /v1/endpoints", {
    name: "answer",
    address: "127.0.0.1:0",
    service: "reply",
    options: { reply: "one" },
  });
  assertEquals(made.status, 201);
  const { address } = made.json as { address: string };
  const fault = await server.ask("POST /v1/endpoints/answer/faults", { kind: "noop", name: "f" });
  const faults = "/v1/endpoints/answer/faults";
  const said = async () => {
    using conn = await connectTo(Number(/\d+$/.exec(address)));
    await writeAll(conn, BYTES);
    await conn.closeWrite();
    return new TextDecoder().decode(await readAll(conn));
  };
  assertEquals(await said(), "one");
  const changed = await server.ask("PATCH /v1/endpoints/answer", { options: { reply: "two" } });
  assertEquals((changed.json as { address: string }).address, address);
  assertEquals(await said(), "two");
  for (
    const [what, body, status] of [
      ["POST /v1/endpoints", { name: "answer", address: "127.0.0.1:0" }, 409],
      ["POST /v1/endpoints", { address: "127.0.0.1:0", service: "ech" }, 400],
      ["POST /v1/endpoints", { service: "echo" }, 400],
      ["POST /v1/endpoints", "[]", 400],
      ["POST /v1/endpoints", { address, name: "other" }, 500],
      ["PATCH /v1/endpoints/answer", { options: { replie: "x" } }, 400],
      ["PATCH /v1/endpoints/answer", { name: "other" }, 400],
      [`POST ${faults}`, { kind: "noop", name: ".." }, 400],
      [`POST ${faults}`, { kind: "noop", name: "f" }, 409],
      [`POST ${faults}`, { type: "latency", toxicity: "1" }, 400],
      [`PATCH ${faults}/f`, { type: "latency" }, 400],
      [`PATCH ${faults}/f`, { kind: "latency" }, 400],
      [`PATCH ${faults}/f`, { name: "g" }, 400],
      [`PATCH ${faults}/g`, {}, 404],
      ["POST /v1/endpoints", { address: "127.0.0.1:0", name: "." }, 400],
      ["GET /v1/capture?endpoint=none", undefined, 404],
      ["GET /v1/capture?connection=x", undefined, 400],
      ["GET /v1/capture?conection=5", undefined, 400],
      ["PATCH /v1/endpoints/answer", { upstream: "127.0.0.1:9" }, 400],
      ["PATCH /v1/endpoints/answer", { options: 5 }, 400],
      ["PATCH /v1/endpoints/answer", { enabled: "no" }, 400],
      ["POST /v1/endpoints", { address: "127.0.0.1:0", adress: 1 }, 400],
      ["POST /v1/endpoints", { address: "127.0.0.1:0", options: { constructor: 1 } }, 400],
      ["PATCH /v1/endpoints/none", {}, 404],
      ["PUT /v1/endpoints", {}, 405],
      ["GET /v1/none", undefined, 404],
    ] as const
  ) {
    const answer = await server.ask(what, body);
    assertEquals(answer.status, status, `${what}: ${answer.text}`);
    assertMatch((answer.json as { error: string }).error, /./);
  }
  assertEquals(await said(), "two");
  assertEquals((await server.ask(`GET ${faults}/f`)).json, fault.json);
  await server.ask("PATCH /v1/endpoints/answer", { options: { deny: "127.0.0.0/8" } });
  assertEquals(await said().catch(() => ""), "");
  await server.line(/"event":"refused".*"reason":"denied"/);
  const echo = await server.ask("PATCH /v1/endpoints/answer", { service: "echo" });
  assertEquals((echo.json as { options: object }).options, { deny: "127.0.0.0/8" });
  assertEquals((await server.ask("DELETE /v1/endpoints/answer")).status, 204);
  assertEquals((await server.ask("GET /v1/endpoints")).json, []);
  await server.line(/endpoint-removed/);
  const changes = server.lines.map((line) => JSON.parse(line))
    .filter(({ event }) => event === "changed").map(({ change }) => change);
  assertEquals(changes, [
    "endpoint-added",
    "fault-added",
    "endpoint-changed",
    "endpoint-changed",
    "endpoint-changed",
    "endpoint-removed",
  ]);
});

Deno.test("control: sessions are listed, closed by FIN and reset by RST", async () => {
  await using server = await echoWith();
  using conn = await connectTo(server.port);
  await writeAll(conn, BYTES);
  assertEquals(await readExactly(conn, 3), BYTES);
  const list = (await server.ask("GET /v1/sessions")).json as Record<string, unknown>[];
  assertEquals(
    list.map(({ connection, endpoint, service, received, sent }) => ({
      connection,
      endpoint,
      service,
      received,
      sent,
    })),
    [{ connection: 1, endpoint: "echo", service: "echo", received: 3, sent: 3 }],
  );
  assertEquals((await server.ask("GET /v1/sessions?endpoint=other")).json, []);
  assertEquals((await server.ask("DELETE /v1/sessions/1")).status, 204);
  assertEquals(await conn.read(new Uint8Array(8)), null);
  assertEquals((await server.ask("GET /v1/sessions/1")).status, 404);

  const socket = await resettable(server.port);
  const failed = new Promise<string | undefined>((resolve) => {
    socket.on("error", ({ code }: { code?: string }) => resolve(code));
    socket.on("close", () => resolve(undefined));
  });
  const answered = new Promise((resolve) => socket.once("data", resolve));
  socket.write(BYTES);
  await answered;
  assertEquals((await server.ask("POST /v1/sessions/2/reset")).status, 204);
  const code = await failed;
  if (Deno.build.os === "linux" && Deno.env.get("NETECHO_FFI") !== "0") {
    assertEquals(code, "ECONNRESET");
  }
  socket.destroy();
});

Deno.test("control: events are numbered, and can be read from any number on", async () => {
  await using server = await echoWith();
  const before = await readEvents(server, "?from=1", 1);
  assertEquals(before.map(({ id }) => id), [1]);
  using conn = await connectTo(server.port);
  await writeAll(conn, BYTES);
  await conn.closeWrite();
  await readAll(conn);
  const all = await readEvents(server, "?from=1", 4);
  assertEquals(all.map(({ id }) => id), [1, 2, 3, 4]);
  const named = all.map(({ data }) => JSON.parse(data).event);
  assertEquals(named.slice(-2), ["opened", "closed"]);
  const later = await readEvents(server, "", 1, { "last-event-id": String(all.at(-2)!.id) });
  assertEquals(later, all.slice(-1));
  assertEquals((await server.ask("GET /v1/events?from=x")).status, 400);
});

async function readEvents(
  server: Controlled,
  query: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<{ id: number; data: string }[]> {
  const stop = new AbortController();
  const response = await fetch(`${server.url}/v1/events${query}`, { headers, signal: stop.signal });
  let text = "";
  const found = () =>
    [...text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)].map(([, id, data]) => ({
      id: Number(id),
      data: data!,
    }));
  for await (const chunk of response.body!) {
    text += new TextDecoder().decode(chunk);
    if (found().length >= count) break;
  }
  stop.abort();
  return found().slice(0, count);
}

Deno.test("control: who may, by address, token, host and origin", async () => {
  for (
    const [args, words] of [
      [["--control", "0.0.0.0:0"], /--control-token TOKEN, or --control-open/],
      [["--control", "udp://127.0.0.1:0"], /HOST:PORT or unix:PATH is needed/],
      [["--control-token", "x"], /needs --control/],
      [["--control", ":0", "--control-token", "a b"], /one word of visible ASCII/],
      [["--control", ":0", "--control-host", "http://x/"], /a host name is needed/],
      [["--control", ":0", "--control-token", "x", "--control-open"], /exclude each other/],
    ] as const
  ) {
    const { code, stderr } = await netecho(["server", ...args]);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, words);
  }
  await using server = await Controlled.start(["--control-token", "secret"]);
  assertEquals((await server.ask("GET /v1")).status, 401);
  assertEquals((await server.ask("GET /version")).status, 401);
  assertEquals((await server.ask("GET /v1/health")).json, { status: "ok" });
  const token = { authorization: "Bearer secret" };
  assertEquals((await server.ask("GET /v1", undefined, token)).status, 200);
  assertEquals((await server.ask("GET /v1", undefined, { authorization: "Bearer" })).status, 401);

  await using open = await Controlled.start(["--control-host", "box.test"]);
  const { port } = new URL(open.url);
  const from = async (host: string, more = "") => {
    using conn = await connectTo(Number(port));
    const request = `${more || "GET"} /v1 HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n`;
    const origin = more ? "origin: http://evil.test\r\ncontent-length: 0\r\n" : "";
    await writeAll(conn, new TextEncoder().encode(`${request}${origin}\r\n`));
    return Number(new TextDecoder().decode(await readAll(conn)).split(" ")[1]);
  };
  assertEquals(await from("evil.test"), 403);
  assertEquals(await from(`box.test:${port}`), 200);
  assertEquals(await from("[::1]:80"), 200);
  assertEquals(await from("box"), 403);
  assertEquals(await from("localhost.:80"), 200);
  for (const odd of ["", "localhost:99999", "a b c"]) {
    assert(await from(odd) >= 400, odd);
  }
  assertEquals(await from("localhost", "POST"), 403);
  await using everybody = await Controlled.start(["--control-open"], { address: "0.0.0.0:0" });
  const single = await fetch(`http://127.0.0.1:${new URL(everybody.url).port}/version`);
  assertEquals((await single.json()).version, "2.12.0");
});

Deno.test("control: what GET /v1/config answers starts the same server; toxiproxy's file does, too", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/config.json`;
  await using server = await Controlled.start(["--seed", "5"]);
  await server.ask("POST /v1/endpoints", {
    name: "one",
    address: "127.0.0.1:0",
    options: { "idle-timeout": "20s", allow: ["127.0.0.0/8", "::1"] },
    faults: [{ kind: "latency", latency: "5ms", match: "/a+b/", on: ["one"] }],
  });
  await server.ask("POST /proxies", { name: "two", listen: "127.0.0.1:0", upstream: "[::1]:9" });
  await server.ask("POST /proxies/two/toxics", { type: "slicer", stream: "upstream" });
  await server.ask("PATCH /v1/endpoints/two", { enabled: false });
  const config = await server.ask("GET /v1/config");
  await server.stop("SIGTERM");
  await Deno.writeTextFile(file, config.text);
  await using again = await Controlled.start(["--config", file]);
  assertEquals((await again.ask("GET /v1/config")).json, config.json);
  await again.stop("SIGTERM");

  const proxies = [{
    name: "web",
    listen: "localhost:0",
    upstream: "127.0.0.1:9",
    enabled: true,
    toxics: [{ type: "latency", attributes: { latency: 9 } }],
  }];
  await Deno.writeTextFile(file, JSON.stringify(proxies));
  await using alone = new Running(netechoCommand(["server", "--config", file]));
  await alone.line(/^listening tcp:\/\/127\.0\.0\.1:\d+,name=web$/);
  await alone.line(/faults latency,latency=9ms,jitter=0ms,direction=out/);
  await alone.stop("SIGTERM");
  await using third = await Controlled.start(["--config", file]);
  assertEquals((await third.ask("GET /proxies/web/toxics/latency_downstream")).json, {
    name: "latency_downstream",
    type: "latency",
    stream: "downstream",
    toxicity: 1,
    attributes: { latency: 9, jitter: 0 },
  });
  for (
    const [content, words] of [
      ["{", /config\.json: /],
      ["[{}]", /endpoint 1: an address is needed/],
      ['[{"listen":":0","service":"ech"}]', /endpoint 1: Unknown service|Unknown service/],
      ['{"endpoints":[{"address":":0","faults":[{"kind":"x"}]}]}', /endpoint 1: fault 1: /],
      ['{"seed":-1,"endpoints":[]}', /seed: a whole number/],
    ] as const
  ) {
    await Deno.writeTextFile(file, content);
    const { code, stderr } = await netecho(["server", "--config", file]);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, words);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("control: a body that is too long is refused, and a slow one keeps no change waiting", async () => {
  await using server = await Controlled.start();
  const long = await server.ask("POST /v1/endpoints", " ".repeat(1024 * 1024 + 1));
  assertEquals([long.status, long.json], [413, { error: "a body of at most 1 MiB is needed" }]);
  using slow = await connectTo(Number(new URL(server.url).port));
  const head = "POST /proxies HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
  await writeAll(slow, new TextEncoder().encode(head));
  const { status } = await server.ask("POST /v1/endpoints", { address: "127.0.0.1:0" });
  assertEquals(status, 201);
});

Deno.test({
  ...withSignals("control: metrics are the exposition format, and the summary's totals"),
  async fn() {
    await using echo = await Server.start(["-q"]);
    await using server = await Controlled.start(["--json", "127.0.0.1:0,name=e\\"]);
    const upstream = `127.0.0.1:${echo.port}`;
    await server.ask("POST /proxies", { name: 'p"', listen: "127.0.0.1:0", upstream });
    await server.ask("POST /proxies/p%22/toxics", { type: "latency" });
    using conn = await connectTo(await server.portOf("p%22"));
    await echoThrough(conn, new Uint8Array(1000));
    await server.line(/"event":"closed"/);
    const samples = parseExposition((await server.ask("GET /metrics")).text);
    const labels = `direction="upstream",listener="127.0.0.1:${await server.portOf("p%22")}",` +
      `proxy="p\\"",upstream="${upstream}"`;
    assertEquals(samples.get(`toxiproxy_proxy_received_bytes_total{${labels}}`), 1000);
    assertEquals(samples.get(`toxiproxy_proxy_sent_bytes_total{${labels}}`), 1000);
    const fault =
      'netecho_faults_total{endpoint="p\\"",service="forward",fault="latency_downstream"}';
    assertEquals(samples.get(fault), 1);
    assertEquals(
      samples.get('netecho_endpoint_connections_total{endpoint="e\\\\",service="echo"}'),
      0,
    );
    await server.ask("DELETE /proxies/p%22");
    const after = parseExposition((await server.ask("GET /metrics")).text);
    await server.stop("SIGTERM");
    const summary = JSON.parse(server.lines.at(-1)!);
    for (const key of ["connections", "refused"]) {
      assertEquals(after.get(`netecho_${key}_total`), summary[key]);
    }
    assertEquals(after.get("netecho_received_bytes_total"), summary.received);
    assertEquals(after.get("netecho_sent_bytes_total"), summary.sent);
  },
});

/** Reads the text format of Prometheus by its rules; returns the samples by name and labels. */
function parseExposition(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  assert(text.endsWith("\n"));
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (kind) {
      if (kind === "TYPE") {
        assert(!types.has(name!), `${name} twice`);
        types.set(name!, rest!);
      }
      continue;
    }
    const [, metric, labels = "", value] =
      /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\d+)$/.exec(line) ?? [];
    assert(metric, line);
    assert(types.has(metric), `${metric} has no type`);
    assertEquals(metric.endsWith("_total"), types.get(metric) === "counter", metric);
    assert(!samples.has(metric + labels), line);
    samples.set(metric + labels, Number(value));
  }
  return samples;
}

Deno.test("control: a capture lasts as long as it is read", async () => {
  await using server = await echoWith();
  using before = await connectTo(server.port);
  await writeAll(before, BYTES);
  await readExactly(before, 3);
  const response = await fetch(`${server.url}/v1/capture?endpoint=echo`);
  const reading = response.body!.getReader();
  const first = await reading.read();
  assertEquals([...first.value!.subarray(0, 4)], [0x0a, 0x0d, 0x0d, 0x0a]);
  const more = new TextEncoder().encode("more of it");
  await writeAll(before, more);
  await readExactly(before, more.length);
  let seen = "";
  while (!seen.includes("more of it")) {
    const { done, value } = await reading.read();
    assert(!done);
    seen += new TextDecoder("latin1").decode(value);
  }
  await reading.cancel();
  await writeAll(before, more);
  await readExactly(before, more.length);
});

Deno.test({
  ...withSignals("control: a server that is stopping changes nothing any more, and still tells"),
  async fn() {
    await using server = await Controlled.start(["127.0.0.1:0,name=echo", "--grace", "30s"]);
    const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
    using conn = await connectTo(port);
    await writeAll(conn, BYTES);
    await readExactly(conn, 3);
    server.kill("SIGTERM");
    await server.line(/stopping/);
    const refused = await server.ask("POST /v1/endpoints", { address: "127.0.0.1:0" });
    assertEquals([refused.status, refused.json], [503, { error: "the server is stopping" }]);
    const sessions = (await server.ask("GET /v1/sessions")).json as unknown[];
    assertEquals(sessions.length, 1);
    assertEquals((await server.ask("POST /reset")).status, 503);
    await conn.closeWrite();
    await readAll(conn);
    await server.line(/served 1 connection/);
  },
});

Deno.test("control: a second server at the same address leaves the capture of the first", async () => {
  const folder = await Deno.makeTempDir();
  const capture = ["--capture", `${folder}/one.pcapng`];
  await using server = await echoWith(...capture);
  using conn = await connectTo(server.port);
  await writeAll(conn, BYTES);
  await readExactly(conn, 3);
  const before = await Deno.readFile(`${folder}/one.pcapng`);
  const address = server.url.replace("http://", "");
  const { code, stderr } = await netecho(["server", "--control", address, ...capture]);
  assertEquals(code, 1);
  assertMatch(stderr, /^netecho: Cannot listen on tcp:.* for --control: .*in use/);
  const after = await Deno.readFile(`${folder}/one.pcapng`); // which may have the answer as well
  assertEquals(after.subarray(0, before.length), before);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  ...onLinux("control: on a Unix socket, also where a killed server has left its file"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/control.sock`;
    for (const last of [false, true]) {
      await using server = await Controlled.start([], { address: `unix:${path}` });
      assertEquals(server.url, `http+unix:${path}`);
      using conn = await Deno.connect({ transport: "unix", path });
      const request = "GET /version HTTP/1.1\r\nhost: any.name\r\nconnection: close\r\n\r\n";
      await writeAll(conn, new TextEncoder().encode(request));
      assertMatch(new TextDecoder().decode(await readAll(conn)), /^HTTP\/1.1 200 /);
      await server.stop(last ? "SIGTERM" : "SIGKILL");
    }
    assertEquals([...Deno.readDirSync(folder)], []);
    await Deno.remove(folder);
  },
});

Deno.test({
  ...withSignals("control: a capture that is still read ends with the server, whole"),
  async fn() {
    await using server = await echoWith();
    const response = await fetch(`${server.url}/v1/capture`);
    const reading = response.body!.getReader();
    await reading.read();
    using conn = await connectTo(server.port);
    await writeAll(conn, BYTES);
    await conn.closeWrite();
    await readAll(conn);
    const { code, stderr } = await server.stop("SIGTERM");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    let bytes = 0;
    for (let next = await reading.read(); !next.done; next = await reading.read()) {
      bytes += next.value.length;
    }
    assert(bytes > 300);
  },
});

Deno.test({
  ...withSignals(
    "control: without ADDRESS no endpoint is opened, and a stop ends what is under way",
  ),
  async fn() {
    await using server = await Controlled.start(["--json"]);
    assertEquals((await server.ask("GET /v1/endpoints")).json, []);
    const events = await fetch(`${server.url}/v1/events`);
    const { code } = await server.stop("SIGTERM");
    assertEquals(code, 0);
    await events.body?.cancel().catch(() => {});
    assertEquals(server.lines.map((line) => JSON.parse(line).event), ["control", "summary"]);
    await using plain = new Running(netechoCommand(["server", "127.0.0.1:0"]));
    await plain.line(/^listening/);
    assert(plain.lines.every((line) => !line.startsWith("control")));
  },
});

type Data = Record<string, unknown>;

/** Opens a stream of messages. */
function openStream(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers });
}

/** Reads the messages of a stream until `done` says that there are enough. */
async function messagesUntil(
  { body }: Response,
  done: (data: Data) => boolean,
): Promise<{ id: string | undefined; data: Data }[]> {
  const read: { id: string | undefined; data: Data }[] = [];
  for await (const message of readMessages<Data>(body!)) {
    read.push(message);
    if (done(message.data)) break;
  }
  return read;
}

Deno.test("control: the state and its changes, without a gap behind an id, and anew behind another", async () => {
  await using server = await echoWith("--fault", "noop");
  const url = `${server.url}/v1/state`;
  const state = (data: Data) => data.state !== undefined;
  const [first] = await messagesUntil(await openStream(url), state);
  const { endpoints, sessions } = first!.data.state as Record<string, unknown[]>;
  assertEquals([endpoints!.length, sessions!.length], [1, 0]);
  {
    using conn = await connectTo(server.port);
    await writeAll(conn, BYTES);
    await readExactly(conn, BYTES.length);
    await server.ask("DELETE /v1/endpoints/echo/faults/noop_downstream");
    await server.ask("POST /v1/endpoints", { name: "new", address: "127.0.0.1:0" });
    await server.ask("DELETE /v1/endpoints/new");
  }
  const headers = { "last-event-id": first!.id! };
  const removed = (data: Data) => JSON.stringify(data.events ?? "").includes("endpoint-removed");
  const later = await messagesUntil(await openStream(url, headers), removed);
  assert(!later.some(({ data }) => state(data)), "it goes on");
  const events = later.flatMap(({ data }) => data.events ?? []) as Record<string, unknown>[];
  assertEquals(events.filter(({ event }) => event === "opened").length, 1);
  const changed = later.flatMap(({ data }) => data.endpoints ?? []) as Record<string, unknown>[];
  const last = new Map(changed.map((endpoint) => [endpoint.name, endpoint]));
  assertEquals(last.get("echo")!.faults, []);
  assertEquals(last.get("new"), { name: "new", removed: true });
  // A sample tells the bytes of each connection that moved some.
  const sampled = (data: Data) => data.sample !== undefined;
  using conn = await connectTo(server.port);
  await writeAll(conn, BYTES);
  await readExactly(conn, BYTES.length);
  const samples = await messagesUntil(await openStream(url), sampled);
  const { sessions: traffic } = samples.at(-1)!.data.sample as { sessions: number[][] };
  assertEquals(traffic.map(([, received, sent]) => [received, sent]), [[3, 3]]);
  for (const id of ["another-3", first!.id!.replace(/\d+$/, "999"), "nonsense"]) {
    const answer = await openStream(url, { "last-event-id": id });
    const [again] = await messagesUntil(answer, () => true);
    assert(state(again!.data), id);
  }
});

Deno.test("control: the bytes of a connection, with offsets, and how it ended", async () => {
  await using server = await echoWith();
  using conn = await connectTo(server.port);
  await writeAll(conn, BYTES);
  await readExactly(conn, BYTES.length);
  const stream = await openStream(`${server.url}/v1/sessions/1/bytes`);
  await writeAll(conn, new Uint8Array([4, 0xff]));
  await conn.closeWrite();
  await readAll(conn);
  const messages = await messagesUntil(stream, ({ end }) => end === "closed");
  const told = messages.map(({ data: { time: _, ...data } }) => data);
  assertEquals(told, [
    { direction: "in", offset: 3, bytes: "BP8=" },
    { direction: "out", offset: 3, bytes: "BP8=" },
    { direction: "in", end: "fin" },
    { direction: "out", end: "fin" },
    { end: "closed" },
  ]);
  assertEquals((await server.ask("GET /v1/sessions/1/bytes")).status, 404);
});

Deno.test("control: a reader of bytes that does not read delays nobody, and is told what it missed", async () => {
  await using server = await echoWith();
  using conn = await connectTo(server.port);
  const port = Number(new URL(server.url).port);
  using reader = await connectTo(port);
  await writeAll(
    reader,
    new TextEncoder().encode("GET /v1/sessions/1/bytes HTTP/1.1\r\nhost: localhost\r\n\r\n"),
  );
  await reader.read(new Uint8Array(1)); // the stream has begun
  const bytes = randomBytes(MESSAGE_BYTES);
  const ROUNDS = 20;
  for (let round = 0; round < ROUNDS; round++) {
    const [back] = await Promise.all([readExactly(conn, bytes.length), writeAll(conn, bytes)]);
    assertEquals(back.length, bytes.length);
  }
  await conn.closeWrite();
  await readAll(conn);
  const text = new TextDecoder().decode(await readUntilClosed(reader));
  const numbers = [...text.matchAll(/"skipped":(\d+)/g)].map(([, count]) => Number(count));
  const told = [...text.matchAll(/"bytes":"([^"]*)"/g)]
    .reduce((sum, [, base64]) => sum + Uint8Array.fromBase64(base64!).length, 0);
  const skipped = numbers.reduce((sum, count) => sum + count, 0);
  assertEquals(skipped + told, 2 * ROUNDS * bytes.length);
  assert(told < 4 * 1024 * 1024, `${told} bytes were told`);
});

// The chunks of an answer, without what HTTP puts around them, until the one of no bytes.
async function readUntilClosed(conn: Deno.Conn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) break;
    parts.push(buffer.slice(0, count));
    if (new TextDecoder().decode(buffer.subarray(0, count)).endsWith("0\r\n\r\n")) break;
  }
  const text = new TextDecoder("latin1").decode(concat(parts));
  return new TextEncoder().encode(text.replace(/\r\n[\da-f]+\r\n/gi, ""));
}

Deno.test("control: another transport begins without the options of the one before", async () => {
  await using server = await Controlled.start([]);
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  const made = {
    name: "t",
    address: "tls://127.0.0.1:0",
    options: { cert, key, deny: "10.0.0.0/8" },
  };
  assertEquals((await server.ask("POST /v1/endpoints", made)).status, 201);
  const changed = await server.ask("PATCH /v1/endpoints/t", { address: "127.0.0.1:0" });
  assertEquals((changed.json as { options: object }).options, { deny: "10.0.0.0/8" });
});

Deno.test("control: a fault is switched off and on, whoever made it and whoever changes it", async () => {
  await using server = await Controlled.start([]);
  await server.ask("POST /proxies", { name: "p", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" });
  const zero = { type: "slicer", name: "s", attributes: { average_size: 0 } };
  assertEquals((await server.ask("POST /proxies/p/toxics", zero)).status, 200);
  const fault = async (name: string) =>
    (await server.ask(`GET /v1/endpoints/p/faults/${name}`)).json as Record<string, unknown>;
  const off = await server.ask("PATCH /v1/endpoints/p/faults/s", { enabled: false });
  assertEquals([off.status, (await fault("s")).enabled], [200, "false"]);
  assertEquals((await server.ask("PATCH /v1/endpoints/p/faults/s", { enabled: null })).status, 200);
  assertEquals((await fault("s")).enabled, undefined);
  assertEquals((await server.ask("PATCH /v1/endpoints/p/faults/s", { enabled: "x" })).status, 400);
  const made = { kind: "latency", name: "l", latency: "1s", connections: "1-3", enabled: false };
  await server.ask("POST /v1/endpoints/p/faults", made);
  await server.ask("POST /proxies/p/toxics/l", { attributes: { latency: 7 } });
  assertEquals(await fault("l"), {
    ...{ name: "l", kind: "latency", latency: "7ms", jitter: "0ms", direction: "out" },
    ...{ connections: "1-3", enabled: "false" },
  });
});

Deno.test("control: an endpoint that cannot move goes on where it was", async () => {
  await using server = await echoWith();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const before = (await server.ask("GET /v1/endpoints/echo")).json as { address: string };
  assertEquals((await server.ask("PATCH /v1/endpoints/echo", { address })).status, 500);
  const after = (await server.ask("GET /v1/endpoints/echo")).json as typeof before;
  assertEquals(after.address, before.address);
  using conn = await connectTo(server.port);
  await writeAll(conn, BYTES);
  assertEquals(await readExactly(conn, BYTES.length), BYTES);
});
