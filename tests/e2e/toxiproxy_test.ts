/** The interface of toxiproxy: its answers as they were measured, and its own client. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Toxiproxy } from "toxiproxy-node-client";
import { echoThrough, readExactly, writeAll } from "../support/connections.ts";
import { Controlled } from "../support/control.ts";
import { Server } from "../support/programs.ts";

const ERROR = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const error = (status: number, error: string) => ({ status, type: ERROR, json: { error, status } });
const latency = (attributes = { latency: 0, jitter: 0 }) => ({
  name: "latency_downstream",
  type: "latency",
  stream: "downstream",
  toxicity: 1,
  attributes,
});

/** What is asked, with which body, and the answer; the proxy `p` is there, on PORT. */
const ANSWERS: readonly (readonly [string, unknown, {
  readonly status: number;
  readonly type?: string;
  readonly json?: unknown;
  readonly text?: string;
}])[] = [
  ["GET /version", undefined, {
    status: 200,
    type: "application/json;charset=utf-8",
    text: '{"version": "2.12.0"}\n',
  }],
  ["POST /proxies", {}, error(400, "missing required field: name")],
  ["POST /proxies", { name: "x" }, error(400, "missing required field: upstream")],
  ["POST /proxies", "", error(400, "bad request body: EOF")],
  ["POST /proxies", { name: "p", upstream: "127.0.0.1:9" }, error(409, "proxy already exists")],
  ["POST /proxies", { name: "echo", upstream: "127.0.0.1:9" }, error(409, "proxy already exists")],
  ["GET /proxies/none", undefined, error(404, "proxy not found")],
  ["GET /proxies/echo", undefined, error(404, "proxy not found")], // not one of service forward
  ["POST /proxies/none", {}, error(404, "proxy not found")],
  ["POST /proxies/p", "", error(400, "bad request body: EOF")],
  ["DELETE /proxies/none", undefined, error(404, "proxy not found")],
  ["GET /proxies/p/toxics", undefined, { status: 200, type: JSON_TYPE, json: [] }],
  ["GET /proxies/none/toxics", undefined, error(404, "proxy not found")],
  ["POST /proxies/p/toxics", { type: "lag" }, error(400, "invalid toxic type")],
  ["POST /proxies/p/toxics", {}, error(400, "invalid toxic type")],
  [
    "POST /proxies/p/toxics",
    { type: "latency", stream: "" },
    error(400, "stream was invalid, can be either upstream or downstream"),
  ],
  ["POST /proxies/p/toxics", { type: "latency", attributes: null }, {
    status: 200,
    type: JSON_TYPE,
    json: latency(),
  }],
  ["POST /proxies/p/toxics", { type: "latency" }, error(409, "toxic already exists")],
  [
    "POST /proxies/p/toxics",
    { type: "timeout", stream: "upstream", name: "latency_downstream" },
    error(409, "toxic already exists"),
  ],
  ["POST /proxies/p/toxics/latency_downstream", { attributes: { latency: 7 } }, {
    status: 200,
    json: latency({ latency: 7, jitter: 0 }),
  }],
  ["PATCH /proxies/p/toxics/latency_downstream", {
    attributes: { jitter: -3 },
    toxicity: 0.25,
    name: "other",
    type: "timeout",
    stream: "upstream",
  }, { status: 200, json: { ...latency({ latency: 7, jitter: -3 }), toxicity: 0.25 } }],
  ["PATCH /proxies/p/toxics/latency_downstream", { toxicity: 17.5 }, {
    status: 200,
    json: { ...latency({ latency: 7, jitter: -3 }), toxicity: 17.5 },
  }],
  ["GET /proxies/p/toxics/none", undefined, error(404, "toxic not found")],
  ["GET /proxies/none/toxics/none", undefined, error(404, "proxy not found")],
  ["DELETE /proxies/p/toxics/none", undefined, error(404, "toxic not found")],
  ["POST /proxies/p/toxics", {
    TYPE: "slicer",
    Stream: "UPSTREAM",
    toxicity: null,
    unknown: 1,
    attributes: { average_size: 0, size_variation: 9 },
  }, {
    status: 200,
    json: {
      name: "slicer_upstream",
      type: "slicer",
      stream: "upstream",
      toxicity: 1,
      attributes: { average_size: 0, size_variation: 9, delay: 0 },
    },
  }],
  // Those of upstream come first.
  ["GET /proxies/p/toxics", undefined, {
    status: 200,
    json: [{
      name: "slicer_upstream",
      type: "slicer",
      stream: "upstream",
      toxicity: 1,
      attributes: { average_size: 0, size_variation: 9, delay: 0 },
    }, { ...latency({ latency: 7, jitter: -3 }), toxicity: 17.5 }],
  }],
  ["POST /proxies/p/toxics", {
    type: "limit_data",
    attributes: { bytes: 9_000_000_000_000 },
  }, {
    status: 200,
    json: {
      ...latency(),
      name: "limit_data_downstream",
      type: "limit_data",
      attributes: { bytes: 9_000_000_000_000 },
    },
  }],
  ["POST /proxies/p/toxics/latency_downstream", { attributes: { latency: 9_000_000_000_000 } }, {
    status: 200,
    json: { ...latency({ latency: 9_000_000_000_000, jitter: -3 }), toxicity: 17.5 },
  }],
  ["DELETE /proxies/p/toxics/slicer_upstream", undefined, { status: 204, text: "" }],
  // A kind that toxiproxy lacks: itself to who asks for it, and nothing strange in a list.
  ["POST /proxies/p/toxics", { type: "corrupt", attributes: { rate: "1%" } }, {
    status: 200,
    json: { ...latency(), name: "corrupt_downstream", type: "corrupt", attributes: { rate: 0.01 } },
  }],
  ["POST /proxies/p/toxics", { type: "corrupt", name: "x", attributes: { rate: 2 } }, {
    status: 400,
    type: ERROR,
  }],
  ["PATCH /proxies/p/toxics/corrupt_downstream", { attributes: { rate: 0.5 } }, {
    status: 200,
    json: { ...latency(), name: "corrupt_downstream", type: "corrupt", attributes: { rate: 0.5 } },
  }],
  ["DELETE /proxies/p/toxics/latency_downstream", undefined, { status: 204 }],
  ["DELETE /proxies/p/toxics/limit_data_downstream", undefined, { status: 204 }],
  ["GET /proxies/p/toxics", undefined, {
    status: 200,
    json: [{
      ...latency(),
      name: "corrupt_downstream",
      kind: "corrupt",
      parameters: { rate: 0.5 },
    }],
  }],
  ["POST /reset", "anything", { status: 204, text: "" }],
  ["GET /proxies/p/toxics", undefined, { status: 200, json: [] }],
  ["POST /populate", [], { status: 201, type: JSON_TYPE, json: { proxies: null } }],
  ["POST /populate", [{ name: "a", upstream: "127.0.0.1:9" }, { name: "b" }], {
    status: 400,
    type: JSON_TYPE,
    json: {
      error: "missing required field: upstream at proxy 2",
      status: 400,
      proxies: null,
    },
  }],
  ["POST /populate", "", {
    status: 400,
    type: JSON_TYPE,
    json: { error: "bad request body: EOF", status: 400, proxies: null },
  }],
  ["GET /proxies/a", undefined, error(404, "proxy not found")],
  ["GET /nothing", undefined, { status: 404, type: ERROR, text: "404 page not found\n" }],
  ["GET /proxies/", undefined, { status: 404, type: ERROR, text: "404 page not found\n" }],
  ["DELETE /proxies", undefined, { status: 405, text: "" }],
  ["PUT /proxies/p", {}, { status: 405, text: "" }],
  ["DELETE /proxies/p", undefined, { status: 204, text: "" }],
  ["GET /proxies", undefined, { status: 200, type: JSON_TYPE, json: {} }],
];

Deno.test("toxiproxy's interface: status, type and body of each answer", async () => {
  await using server = await Controlled.start(["127.0.0.1:0=echo,name=echo"]);
  const made = await server.ask("POST /proxies", {
    name: "p",
    listen: "localhost:0",
    upstream: "127.0.0.1:9",
    toxics: [latency()],
  });
  assertEquals([made.status, made.type], [201, JSON_TYPE]);
  const { listen, ...proxy } = made.json as { listen: string };
  assertMatch(listen, /^127\.0\.0\.1:[1-9]\d*$/);
  assertEquals(proxy as object, {
    name: "p",
    upstream: "127.0.0.1:9",
    enabled: true,
    toxics: [],
  });
  assertEquals((await server.ask("GET /proxies")).json, { p: made.json });
  for (const [what, body, wanted] of ANSWERS) {
    const answer = await server.ask(what, body);
    for (const [key, value] of Object.entries(wanted)) {
      assertEquals(answer[key as keyof typeof answer], value, `${what} ${JSON.stringify(body)}`);
    }
    assertMatch(answer.headers.get("x-toxiproxy-request-id") ?? "", /^\w{20}$/);
  }
  for (const listen of ["nonsense", "no.such.host.invalid:80"]) {
    const body = { name: "x", upstream: "127.0.0.1:9", listen };
    const { status, type, text } = await server.ask("POST /proxies", body);
    assertEquals([status, type], [500, ERROR], listen);
    assertMatch(text, /^\{"error":"listen tcp: .*","status":500\}\n$/);
  }
  const upstream = await server.ask("POST /proxies", { name: "x", upstream: "nonsense" });
  assertEquals([upstream.status, upstream.type], [400, ERROR]);
  for (const value of ["5", 1.5, true]) {
    await server.ask("POST /proxies", { name: "p", upstream: "127.0.0.1:9" });
    const body = { type: "latency", attributes: { latency: value } };
    const { status, text } = await server.ask("POST /proxies/p/toxics", body);
    assertEquals(status, 400);
    assertMatch(text, /^\{"error":"bad request body: /);
  }
  const written = await server.ask(
    "POST /proxies/p/toxics",
    '{"type":"latency","attributes":{"latency":1e3}}',
  );
  assertEquals(written.status, 400);
  const browser = await server.ask("GET /version", undefined, { "user-agent": "Mozilla/5.0 (X)" });
  assertEquals([browser.status, browser.text], [403, "User agent not allowed\n"]);
});

Deno.test("toxiproxy's interface: proxies move, stop and start again, and are populated", async () => {
  await using server = await Controlled.start();
  await using echo = await Server.start(["-q"]);
  const upstream = `127.0.0.1:${echo.port}`;
  const disabled = await server.ask("POST /proxies", {
    name: "p",
    listen: "localhost:0",
    upstream,
    enabled: false,
  });
  assertEquals(disabled.json, {
    name: "p",
    listen: "localhost:0",
    upstream,
    enabled: false,
    toxics: [],
  });
  const started = await server.ask("PATCH /proxies/p", { enabled: true });
  const { listen } = started.json as { listen: string };
  const port = Number(/\d+$/.exec(listen));
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = new Uint8Array([1, 2, 3]);
  const open = await connect();
  await writeAll(open, bytes);
  assertEquals(await readExactly(open, 3), bytes);

  // Nothing happens to a proxy that is told what it is.
  for (const same of [{}, { listen }, { upstream }, { enabled: true }, { name: "q" }]) {
    assertEquals((await server.ask("POST /proxies/p", same)).json, started.json);
  }
  const populated = await server.ask("POST /populate", [{ name: "p", listen, upstream }]);
  assertEquals(populated.json, { proxies: [started.json] });
  await writeAll(open, bytes);
  assertEquals(await readExactly(open, 3), bytes);

  await server.ask("POST /proxies/p", { enabled: false });
  assertEquals(await open.read(new Uint8Array(8)), null);
  open.close();
  await assertRejects(connect, Deno.errors.ConnectionRefused);
  await server.ask("POST /reset");
  const again = await connect();
  assertEquals(await echoThrough(again, bytes), bytes);

  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${(taken.addr as Deno.NetAddr).port}`;
  const inUse = `listen tcp ${address}: bind: address already in use`;
  const moved = await server.ask("POST /proxies/p", { listen: address });
  assertEquals([moved.status, moved.json], [500, { error: inUse, status: 500 }]);
  const { json } = await server.ask("GET /proxies/p");
  assertEquals(json, { name: "p", listen: address, upstream, enabled: false, toxics: [] });
  const refused = await server.ask("POST /proxies", { name: "x", listen: address, upstream });
  assertEquals([refused.status, refused.json], [500, { error: inUse, status: 500 }]);
  assertEquals((await server.ask("GET /proxies/x")).status, 404);
  const partly = await server.ask("POST /populate", [
    { name: "one", listen: "127.0.0.1:0", upstream },
    { name: "two", listen: address, upstream },
  ]);
  const { proxies, ...failure } = partly.json as { proxies: { name: string }[] };
  assertEquals(proxies.map(({ name }) => name), ["one"]);
  assertEquals(failure as object, { error: inUse, status: 500 });
  taken.close();
});

Deno.test({
  name: "toxiproxy's own client drives it through every call that it has",
  sanitizeResources: false, // it leaves answers unread
  async fn() {
    await using server = await Controlled.start();
    await using echo = await Server.start(["-q"]);
    const client = new Toxiproxy(server.url);
    assertMatch(await client.getVersion(), /^\{"version": *"2\.\d+\.\d+"\}|^2\./);
    const body = { name: "db", listen: "127.0.0.1:0", upstream: `127.0.0.1:${echo.port}` };
    const proxy = await client.createProxy(body);
    const port = Number(/\d+$/.exec(proxy.listen));
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const bytes = new Uint8Array([1, 2, 3]);
    const exchange = async () => {
      await writeAll(conn, bytes);
      assertEquals(await readExactly(conn, 3), bytes);
    };
    await exchange();
    const toxic = await proxy.addToxic({
      name: "slow",
      type: "latency",
      stream: "downstream",
      toxicity: 1,
      attributes: { latency: 400, jitter: 0 },
    });
    await exchange(); // on a connection that was open before
    await server.line(/fault slow delays by 400 ms/);
    await toxic.update({
      ...toxic.toJson(),
      toxicity: 1,
      attributes: { latency: 100, jitter: 0 },
    });
    assertEquals((await proxy.getToxic<{ latency: number }>("slow")).attributes.latency, 100);
    await exchange();
    await server.line(/fault slow delays by 100 ms/);
    await toxic.remove();
    await assertRejects(() => proxy.getToxic("slow"), Error);
    await proxy.addToxic({
      name: "gone",
      type: "timeout",
      stream: "upstream",
      toxicity: 1,
      attributes: { timeout: 0 },
    });
    await client.reset();
    assertEquals(await conn.read(new Uint8Array(8)), null); // bytes of it may be missing
    const all = await client.getAll();
    assertEquals(Object.keys(all), ["db"]);
    assertEquals((await server.ask("GET /proxies/db/toxics")).json, []);
    await client.populate(
      [
        { ...body, name: "other", enabled: true },
      ] as unknown as Parameters<Toxiproxy["populate"]>[0],
    );
    await proxy.update({ enabled: false, listen: proxy.listen, upstream: proxy.upstream });
    await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }), Error);
    await proxy.remove();
    await assertRejects(() => client.get("db"), Error);
  },
});

Deno.test({
  name: "the calls that @testcontainers/toxiproxy makes",
  sanitizeResources: false, // the client leaves answers unread
  async fn() {
    await using server = await Controlled.start(["--control-open"], { address: "0.0.0.0:0" });
    await using echo = await Server.start(["-q"]);
    const client = new Toxiproxy(`http://127.0.0.1:${new URL(server.url).port}`);
    const upstream = `127.0.0.1:${echo.port}`;
    assertEquals(await client.getAll(), {});
    const proxy = await client.createProxy({ name: "redis", upstream, listen: "0.0.0.0:0" });
    const port = Number(proxy.listen.slice(proxy.listen.lastIndexOf(":") + 1));
    const setEnabled = (enabled: boolean) =>
      proxy.update({ enabled, listen: `0.0.0.0:${port}`, upstream });
    const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
    const bytes = new Uint8Array([1, 2, 3]);
    using conn = await connect();
    await setEnabled(true); // which it is
    await writeAll(conn, bytes);
    assertEquals(await readExactly(conn, 3), bytes);
    await setEnabled(false);
    assertEquals(await conn.read(new Uint8Array(8)), null);
    await assertRejects(connect, Error);
    await setEnabled(true);
    assertEquals(await echoThrough(await connect(), bytes), bytes);
  },
});
