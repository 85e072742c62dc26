/** Measuring any peer: what is sent, and what the answer is to be. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BenchResult } from "../../lib/report/result.ts";
import { netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { readAll, writeAll } from "../support/connections.ts";
import { needing } from "../support/skips.ts";
import { unusedPort, withFolder } from "../support/system.ts";

async function measured(args: readonly string[]): Promise<BenchResult & { code: number }> {
  const { code, text, stderr } = await netecho(["client", "--bench", "--json", ...args]);
  try {
    return { ...JSON.parse(text) as BenchResult, code };
  } catch {
    throw new Error(`no JSON: ${text}${stderr}`);
  }
}

const at = (port: number) => `127.0.0.1:${port}`;

Deno.test("exchange: requests that differ, on many connections, several under way, in threads", async () => {
  await using server = await Server.start(["-q"]);
  const answer = ["--send", "{seq}-{uuid}-{random:7}\\n", "--expect", "{seq}-{uuid}-{random:7}\\n"];
  const load = ["--requests", "3000", "--connections", "6", "--pipeline", "4", "--workers", "2"];
  const result = await measured([at(server.port), ...answer, ...load]);
  assertEquals([result.code, result.requests.answered, result.errors], [0, 3000, {}]);
  assertEquals(result.load.exchanges, [{
    send: "{seq}-{uuid}-{random:7}\\n",
    expect: ["{seq}-{uuid}-{random:7}\\n"],
    weight: 1,
  }]);
  const open = ["--rate", "1k/s", "--duration", "300ms", "--warmup", "0"];
  const paced = await measured([at(server.port), ...answer, ...open]);
  assertEquals([paced.requests.answered, paced.errors], [300, {}]);
  const apart = await measured([at(server.port), ...answer, "--connect", "--requests", "20"]);
  assertEquals([apart.requests.answered, Object.keys(apart.parts!).includes("answer")], [20, true]);
});

Deno.test("exchange: wrong answers are counted exactly", async () => {
  await using server = await Server.start([
    ...["--json", "--seed", "3", "--show", "none"],
    ...["--fault", "corrupt:0.1%,direction=out"],
  ]);
  const size = 32;
  const text = "a".repeat(size - 2) + "\\r\\n";
  const result = await measured([
    ...[at(server.port), "--send", text, "--expect", text, "--expect-bytes", String(size)],
    ...["--requests", "2000", "--connections", "1"],
  ]);
  await server.stop();
  const flips = server.events.filter(({ event }) => event === "fault");
  const offsets = flips.flatMap(({ detail }) =>
    /at offset ([\d,]+)/.exec(String(detail))?.[1] ?? []
  );
  const wrong = new Set(
    offsets.map((offset) => Math.floor(Number(offset.replaceAll(",", "")) / size)),
  );
  assert(wrong.size > 20, `${wrong.size} wrong`);
  assertEquals(result.errors, { "the answer is not what was expected": wrong.size });
  assertEquals([result.requests.answered, result.code], [2000 - wrong.size, 1]);
});

Deno.test("exchange: an answer that is cut short, and one that never becomes what is expected", async () => {
  await using short = await Server.start(["-q", "--fault", "limit_data:100"]);
  const line = ["--send", `${"b".repeat(29)}\\n`, "--expect-line", "--requests", "10"];
  const cut = await measured([at(short.port), ...line, "--connections", "1"]);
  assert(
    cut.errors["closed by the peer in the middle of an answer"]! > 0,
    JSON.stringify(cut.errors),
  );
  await using echo = await Server.start(["-q"]);
  const never = ["--send", "x", "--expect", "y", "--requests", "2", "--timeout", "100ms"];
  const result = await measured([at(echo.port), ...never, "--connections", "1"]);
  assertEquals([result.code, result.errors], [1, { "no whole answer in time": 2 }]);
});

Deno.test("exchange: ping tells a wrong answer, and a peer that speaks first", async () => {
  await using smtp = await Server.start([
    "-q",
    "--service",
    "reply",
    "--reply",
    "220 mail ESMTP\\r\\n",
  ]);
  const greeting = [
    "--ping",
    "--connect",
    "--expect",
    "/^220 .*\\r\\n/",
    "--count",
    "2",
    "-i",
    "0",
  ];
  const greeted = await netecho(["client", at(smtp.port), ...greeting]);
  assertEquals(greeted.code, 0, greeted.stderr);
  assertMatch(greeted.text, /16 bytes from .*answer \d.*\n[^]*2 sent, 2 received, 0% lost/);
  const other = await netecho([
    ...["client", at(smtp.port), "--ping", "--connect", "--expect-line", "--expect", "250"],
    ...["--count", "1"],
  ]);
  assertEquals(other.code, 1);
  assertMatch(other.text, /\(WRONG\)\n[^]*1 received, 1 wrong, 0% lost/);
  await using udp = new Running(netechoCommand(["server", "udp://127.0.0.1:0", "-q"]));
  const where = (await udp.line(/listening/)).replace("listening ", "");
  const datagrams = [
    "--ping",
    "--send",
    "n{seq}",
    "--expect",
    "/^n{seq}$/",
    "--count",
    "5",
    "-i",
    "1ms",
  ];
  const { text, code, stderr } = await netecho(["client", where, ...datagrams]);
  assertMatch(text, /5 sent, 5 received, 0% lost/, stderr);
  assertEquals(code, 0);
});

Deno.test("exchange: wait until a peer answers what is sent", async () => {
  await using server = await Server.start(["-q"]);
  const wait = (...args: string[]) =>
    netecho(["client", at(server.port), "--wait", "400ms", ...args]);
  assertEquals((await wait("--send", "PING\\n", "--expect", "PING\\n")).code, 0);
  const other = await wait("--send", "PING\\n", "--expect-line", "--expect", "PONG");
  assertEquals(other.code, 124);
  assertMatch(other.stderr, /it accepts, and does not say what is expected/);
});

for (
  const [args, words] of [
    [
      ["--ping", "--send", "x"],
      /what is the answer\? Give --expect, --expect-bytes or --expect-line/,
    ],
    [
      ["--bench", "--expect", "x"],
      /where nothing is sent the peer speaks once a connection; add --connect/,
    ],
    [["--ping", "--send", "x", "--expect", "y", "--size", "5"], /exclude each other/],
    [["--bench", "--expect-line", "--expect-bytes", "5", "--send", "x"], /exclude each other/],
    [["--ping", "--send", "{random:9999999}", "--expect-line"], /more than 1 MiB/],
    [["--bench", "--exchanges", "/nowhere"], /cannot read \/nowhere/],
    [["--ping", "--send", "x", "--expect", "/(y)?/"], /nothing is enough for it/],
    [["--ping", "--send", "x", "--expect", "/[z-{seq}]/"], /is no regular expression/],
    [["--wait", "1s", "--expect", "echo", "--send", "x"], /echo stands alone/],
  ] as const
) {
  Deno.test(`exchange: ${args.join(" ")} is a usage error`, async () => {
    const { code, stderr } = await netecho(["client", ":9", ...args]);
    assertEquals(code, 2);
    assertMatch(stderr, words);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  });
}

Deno.test("exchange: texts and files are sent in the order of the command line", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, "file ");
    await using server = await Server.start(["-q"]);
    const sent = ["--send", "a ", "--send-file", `${folder}/f`, "--send", "b\\n"];
    const { code, stderr } = await netecho([
      ...["client", at(server.port), "--wait", "5s", ...sent, "--expect", "/^a file b\\n/"],
    ]);
    assertEquals(code, 0, stderr);
  }));

Deno.test("exchange: connections of few requests make every kind of them", () =>
  withFolder(async (folder) => {
    const file = `${folder}/x.json`;
    const kinds = ["a", "b"].map((send) => ({ send, expectBytes: 1 }));
    await Deno.writeTextFile(file, JSON.stringify(kinds));
    await using server = await Server.start(["--json", "--show", "text"]);
    const load = ["--requests", "40", "--connections", "40", "--exchanges", file];
    const result = await measured([at(server.port), ...load]);
    assertEquals(result.requests.answered, 40);
    await server.stop();
    const texts = server.events.filter(({ event }) => event === "data").map(({ text }) => text);
    const as = texts.filter((text) => text === "a").length;
    assert(texts.length === 40 && as > 5 && as < 35, `${as} of ${texts.length}`);
    const compared = await netecho(["client", at(server.port), "--bench", "--baseline", file]);
    assertEquals(compared.code, 2);
  }));

Deno.test("exchange: a file of exchanges that is none is told by its entry", () =>
  withFolder(async (folder) => {
    const file = `${folder}/x.json`;
    for (
      const [entry, words] of [
        [
          { send: "x", expct: "y" },
          /exchange 2: an exchange has no "expct"; did you mean expect\?/,
        ],
        [{ send: "x", weight: 0, expect: "y" }, /exchange 2: weight: a number above 0/],
        [{ send: 5, expect: "y" }, /exchange 2: send: a text/],
        [{ send: "x", expectBytes: 1.5 }, /exchange 2: expectBytes: a whole number/],
        [7, /exchange 2: an object/],
      ] as const
    ) {
      await Deno.writeTextFile(file, JSON.stringify([{ send: "a", expect: "b" }, entry]));
      const { code, stderr } = await netecho(["client", ":9", "--bench", "--exchanges", file]);
      assertEquals(code, 2);
      assertMatch(stderr, words);
    }
  }));

Deno.test({
  ...needing(["redis-server"], "exchange: redis answers PING, SET and GET"),
  fn: () =>
    withFolder(async (folder) => {
      const socket = `${folder}/redis.sock`;
      const command = ["--port", "0", "--unixsocket", socket, "--save", ""];
      await using redis = new Running(["redis-server", command]);
      await redis.line(/ready to accept/i);
      const file = `${folder}/exchanges.json`;
      const exchanges = [
        { send: "PING\r\n", expect: "+PONG\r\n", weight: 2 },
        { send: "SET k{seq} v{seq}\r\n", expect: "+OK\r\n" },
        { send: "GET none\r\n", expect: "$-1\r\n", expectLine: true },
      ].map(({ send, expect, ...more }) => ({
        send: send.replaceAll("\r\n", "\\r\\n"),
        expect: expect.replaceAll("\r\n", "\\r\\n"),
        ...more,
      }));
      await Deno.writeTextFile(file, JSON.stringify(exchanges));
      const load = ["--requests", "3000", "--connections", "10"];
      const result = await measured([`unix:${socket}`, "--exchanges", file, ...load]);
      assertEquals([result.code, result.requests.answered, result.errors], [0, 3000, {}]);
      assertEquals(result.load.exchanges!.length, 3);
      const { text } = await netecho([
        "client",
        `unix:${socket}`,
        "--send",
        "DBSIZE\\r\\n",
        "--expect",
        "\\n",
      ]);
      const keys = Number(/:(\d+)/.exec(text)![1]);
      assert(keys > 50, `${keys} keys`);
    }),
});

Deno.test({
  ...needing(["nginx"], "exchange: nginx answers GET on a connection that stays"),
  fn: () =>
    withFolder(async (folder) => {
      const port = unusedPort();
      await Deno.writeTextFile(
        `${folder}/conf`,
        `daemon off; pid ${folder}/pid; events {} http { access_log off; keepalive_requests 100000;
         server { listen 127.0.0.1:${port}; location / { return 200 "hello {seq}"; } } }`,
      );
      await using nginx = new Running(["nginx", ["-c", `${folder}/conf`, "-e", "stderr"]]);
      const request = "GET /{seq} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n";
      const up = await netecho([
        ...["client", at(port), "--wait", "10s", "--send", request, "--expect", "200 OK"],
      ]);
      assertEquals(up.code, 0, up.stderr);
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const once = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
      await writeAll(conn, new TextEncoder().encode(once));
      await conn.closeWrite();
      const bytes = (await readAll(conn)).length;
      const answer = ["--expect", "/^HTTP\\/1.1 200 OK\\r\\n/", "--expect-bytes", String(bytes)];
      const load = ["--requests", "500", "--connections", "4"];
      const result = await measured([at(port), "--send", request, ...answer, ...load]);
      assertEquals([result.code, result.requests.answered, result.errors], [0, 500, {}]);
      await nginx.stop("SIGTERM");
    }),
});
