import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Ajv } from "ajv";
import { benchJsonSchema } from "../../.github/tools/bench_schema.ts";
import type { BenchResult } from "../../lib/report/result.ts";
import { loadHistograms } from "../../lib/core/histogram.ts";
import {
  bash,
  inBackground,
  inNamespace,
  netecho,
  netechoCommand,
  netechoShell,
  Running,
  Server,
} from "../support/programs.ts";
import { readExactly, writeAll } from "../support/connections.ts";
import { needingNamespace, onLinux, withSignals, withTransport } from "../support/skips.ts";
import { unusedPort, withFolder } from "../support/system.ts";

const conforms = new Ajv({ strict: false }).compile(benchJsonSchema({ strict: true }));

/** The result that a run has printed, which conforms to the schema. */
function resultOf(text: string): BenchResult {
  const result = JSON.parse(text) as BenchResult;
  assert(conforms(result), JSON.stringify(conforms.errors));
  return result;
}

async function bench(address: string, ...args: string[]): Promise<BenchResult> {
  const { code, text, stderr } = await netecho(["client", address, "--bench", "--json", ...args]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return resultOf(text);
}

const QUICK = ["--duration", "300ms", "--warmup", "0"];

for (const address of ["127.0.0.1:0", "udp://127.0.0.1:0", "unix"]) {
  Deno.test({
    ...withTransport(address, `bench: ${address}: closed and open loop`),
    async fn() {
      const path = await Deno.makeTempFile();
      await Deno.remove(path);
      const at = address === "unix" ? `unix:${path}` : address;
      await using server = new Running(netechoCommand(["server", at, "-q"]));
      const where = (await server.line(/listening/)).replace("listening ", "");
      const closed = await bench(where, ...QUICK, "--connections", "4", "--pipeline", "3");
      assert(closed.requests.answered > 50);
      assertEquals([closed.requests.failed, closed.requests.unanswered], [0, 0]);
      assertEquals(closed.latency.count, closed.requests.answered);
      const open = await bench(where, ...QUICK, "--rate", "1k/s", "--connections", "4");
      const { answered, unsent } = open.requests; // the latter on a machine that is too slow
      assertEquals(answered + unsent, 300);
      assertEquals(open.uncorrected!.count, answered);
    },
  });
}

Deno.test("bench: the histogram in the JSON is that of the figures beside it", async () => {
  await using server = await Server.start(["-q"]);
  const { latency } = await bench(`127.0.0.1:${server.port}`, "--requests", "2000");
  const histogram = (await loadHistograms()).decode(latency.hdr);
  assertEquals(histogram.count, 2000);
  for (const percent of [50, 90, 99, 99.9]) {
    const figure = latency.percentilesMs[`p${percent}` as "p50"];
    assert(Math.abs(histogram.at(percent) - figure) <= figure / 1000);
  }
  assertEquals(latency.bars.reduce((sum, [, , count]) => sum + count, 0), 2000);
  assertEquals(latency.curve.at(-1), [100, latency.maxMs]);
});

Deno.test({
  ...withSignals("bench: the peer gets as many messages as are counted, of the size asked for"),
  async fn() {
    const server = await Server.start(["--json", "--show", "none"]);
    await using _ = server;
    const args = ["--requests", "500", "--size", "1000", "--connections", "5", "--workers", "2"];
    const { requests, load } = await bench(`127.0.0.1:${server.port}`, ...args);
    assertEquals([requests.answered, load.workers, load.duration], [500, 2, undefined]);
    await server.stop();
    const summary = server.events.at(-1)!;
    assertEquals([summary.connections, summary.received, summary.sent], [5, 500_000, 500_000]);
  },
});

Deno.test({
  ...withSignals("bench --connect: a connection for each, and where its time goes"),
  async fn() {
    const server = await Server.start(["--json", "--show", "none"]);
    await using _ = server;
    const args = ["--requests", "40", "--connect", "--connections", "4"];
    const { parts = {}, latency } = await bench(`127.0.0.1:${server.port}`, ...args);
    assertEquals(Object.keys(parts), ["connect", "echo"]);
    assertEquals(parts.echo!.count, 40);
    assert(parts.connect!.meanMs + parts.echo!.meanMs <= latency.meanMs * 1.01);
    await server.stop();
    assertEquals(server.events.at(-1)!.connections, 40);
  },
});

Deno.test("bench: a rate that the peer cannot hold is told, and the run ends", async () => {
  await using server = await Server.start(["-q"]);
  const at = `127.0.0.1:${server.port}`;
  const { requests, rate, latency, uncorrected } = await bench(at, ...QUICK, "--rate", "5M/s");
  assertEquals(requests.answered + requests.unsent + requests.unanswered, 1_500_000);
  assert(requests.unsent > 0 && rate < 5e6);
  assert(latency.maxMs > uncorrected!.meanMs * 2);
  const gate = ["--fail-if", "p50>1h"]; // most were never sent: none of them was that quick
  const gated = await netecho(["client", at, "--bench", ...QUICK, "--rate", "5M/s", ...gate]);
  assertEquals(gated.code, 3);
  assertStringIncludes(gated.stderr, "p50 is endless");
  const { text } = await netecho(["client", at, "--bench", ...QUICK, "--rate", "5M/s"]);
  assertMatch(text, /^unsent +THE RATE WAS NOT HELD. [\d,]+ requests were due and not sent/m);
});

Deno.test("bench: failures are counted by their kind; nothing answered is exit 1", async () => {
  await using discard = await Server.start(["-q", "--service", "discard"]);
  const silent = await netecho(
    ["client", `127.0.0.1:${discard.port}`, "--bench", "--json", ...QUICK, "--timeout", "100ms"],
  );
  assertEquals(silent.code, 1);
  assertMatch(silent.stderr, /^netecho: No request was answered: no answer in time\n$/);
  const { errors, requests } = resultOf(silent.text);
  assertEquals(requests.answered, 0);
  assertEquals(Object.keys(errors), ["no answer in time"]);

  await using reply = await Server.start(["-q", "--service", "reply", "--reply", "x".repeat(64)]);
  const wrong = await netecho(
    ["client", `127.0.0.1:${reply.port}`, "--bench", "--json", ...QUICK],
  );
  assertEquals(wrong.code, 1);
  assertMatch(
    wrong.stderr,
    /^netecho: The peer does not echo: the answer is not what was sent; .*--connect --size 0\n$/,
  );
  assert(resultOf(wrong.text).errors["the answer is not what was sent"]! > 0);

  const nobody = await netecho(["client", `127.0.0.1:${unusedPort()}`, "--bench"]);
  assertEquals([nobody.code, nobody.text], [1, ""]);
  assertMatch(nobody.stderr, /^netecho: Cannot connect to .*: connection refused.*\n$/);
  const asJson = await netecho(["client", `127.0.0.1:${unusedPort()}`, "--bench", "--json"]);
  assertEquals(asJson.code, 1);
  assertMatch(JSON.parse(asJson.text).error, /^Cannot connect to .*: connection refused/);
  const inWorkers = await netecho(
    ["client", `127.0.0.1:${unusedPort()}`, "--bench", "--workers", "2"],
  );
  assertEquals([inWorkers.code, inWorkers.text], [1, ""]);
  assertMatch(inWorkers.stderr, /^netecho: Cannot connect to .*: connection refused.*\n$/);
});

Deno.test("bench --fail-if: exit 3 names the gate; where nothing was answered it is 1", async () => {
  await using server = await Server.start(["-q"]);
  const at = `127.0.0.1:${server.port}`;
  const run = (...gates: string[]) =>
    netecho([
      "client",
      at,
      "--bench",
      "--requests",
      "50",
      ...gates.flatMap((g) => ["--fail-if", g]),
    ]);
  assertEquals((await run("p99>10s", "errors>0", "answered<50")).code, 0);
  const { code, stderr, text } = await run("p50>1us", "errors>0");
  assertEquals(code, 3);
  assertMatch(stderr, /^netecho: Gate failed: p50>1us: p50 is [\d.]+ ms\n$/);
  assertStringIncludes(text, "50 answered");
  await using discard = await Server.start(["-q", "--service", "discard"]);
  const args = ["--bench", ...QUICK, "--timeout", "50ms", "--fail-if", "p99>1h"];
  const silent = await netecho(["client", `127.0.0.1:${discard.port}`, ...args]);
  assertEquals(silent.code, 1);
  assertStringIncludes(silent.stderr, "No request was answered: no answer in time");
});

Deno.test("bench: --find, --under-load, --self, --baseline, --merge and --report", async () => {
  const folder = await Deno.makeTempDir();
  const found = await netecho(
    ["client", "--self", "--bench", "--json", ...QUICK, "--find", "p50<10s"],
  );
  assertEquals(found.code, 0, found.stderr);
  const { search, load } = resultOf(found.text);
  assert(search!.trials.length > 0);
  assertEquals(search!.highest, load.rate);

  const one = `${folder}/one.json`;
  const beside = await netecho(
    ["client", "--self", "--bench", ...QUICK, "--rate", "500/s", "--under-load", "--report", one],
  );
  assertEquals(beside.code, 0, beside.stderr);
  assertMatch(beside.text, /^idle .*\nloaded .*\ndifference /m);

  const again = await netecho(
    ["client", "--self", "--bench", ...QUICK, "--rate", "500/s", "--baseline", one, "--json"],
  );
  const now = resultOf(again.text);
  assertEquals(now.comparison!.map(({ name }) => name), ["rate", "p50", "p99", "max", "failed"]);

  const other = `${folder}/other.json`;
  await Deno.writeTextFile(other, again.text);
  const apart = await netecho(["client", "--merge", one, other]);
  assertEquals(apart.code, 2);
  assertStringIncludes(apart.stderr, "Cannot merge results of different times");
  const { started } = JSON.parse(await Deno.readTextFile(one));
  await Deno.writeTextFile(other, JSON.stringify({ ...now, started }));
  const both = await netecho(["client", "--merge", one, other, "--json"]);
  assertEquals(both.code, 0, both.stderr);
  const merged = resultOf(both.text);
  const alone = JSON.parse(await Deno.readTextFile(one)) as BenchResult;
  assertEquals(merged.machines, 2);
  assertEquals(merged.latency.count, now.latency.count + alone.latency.count);
  assertEquals(merged.rate, now.rate + alone.rate);
  const longest = Math.max(now.latency.maxMs, alone.latency.maxMs);
  assert(Math.abs(merged.latency.maxMs / longest - 1) < 0.001);
  const twice = await netecho(["client", "--merge", one, one]);
  assertEquals(twice.code, 2);
  assertStringIncludes(twice.stderr, "two of the files hold the same one");
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  ...withSignals("bench: SIGINT ends it with valid JSON of what was measured"),
  async fn() {
    await using server = await Server.start(["--json", "--show", "none"]);
    const at = `127.0.0.1:${server.port}`;
    for (const workers of ["1", "2"]) {
      const args = ["--bench", "--json", "--duration", "1h", "--warmup", "0", "--workers", workers];
      const client = new Running(netechoCommand(["client", at, "--connections", "2", ...args]));
      await using _ = client;
      await server.line({ test: (line) => line.includes(`"connection":${Number(workers) * 2},`) });
      const { code } = await client.stop("SIGINT");
      const { requests, interrupted } = resultOf(client.lines.join("\n"));
      assertEquals(interrupted, true);
      assertEquals(code, requests.answered > 0 ? 0 : 1); // it may have been before the first answer
    }
  },
});

Deno.test({
  ...withSignals("bench: SIGINT while it connects, or ramps up, is heeded too"),
  async fn() {
    await using server = await Server.start(["--json", "--show", "none", "--service", "discard"]);
    const at = `127.0.0.1:${server.port}`;
    const client = new Running(
      netechoCommand(["client", at, "--bench", "--json", "--ramp", "1h", "--connections", "1000"]),
    );
    await using _ = client;
    await server.line(/"event":"opened"/);
    const { code } = await client.stop("SIGINT");
    assertEquals(code, 1);
    assertEquals(resultOf(client.lines.join("\n")).requests.answered, 0);
    // TLS waits for an answer, which a discard server does not give.
    const args = ["--bench", "--json", "--connections", "2", "--workers", "2"];
    await using connecting = new Running(
      netechoCommand(["client", `tls://${at}`, ...args, "--connect-timeout", "1h"]),
    );
    const opened = () => server.lines.filter((line) => line.includes('"opened"')).length;
    const before = opened();
    await server.line({ test: () => opened() >= before + 2 });
    assertEquals((await connecting.stop("SIGINT")).code, 1);
    assertEquals(resultOf(connecting.lines.join("\n")).interrupted, true);
  },
});

Deno.test("bench: fewer requests than workers", async () => {
  await using server = await Server.start(["-q"]);
  const { requests } = await bench(
    `127.0.0.1:${server.port}`,
    ...["--requests", "2", "--workers", "4", "--connections", "4"],
  );
  assertEquals(requests.answered, 2);
});

Deno.test("bench: what is refused", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, "{}");
  for (
    const [args, message] of [
      [["--bench", "--rate", "0"], "a rate above 0"],
      [["--bench", "--connections", "0"], "a whole number from 1"],
      [["--bench", "--ping"], "exclude each other"],
      [["--bench", "--fail-if", "p42<1ms"], '"p42" is none of'],
      [["--bench", "--find", "fast"], "a condition such as"],
      [["--bench", "--report", "x.pdf"], "a file that ends in .txt, .json, .html"],
      [["--bench", "--baseline", file], "is no result of --bench --json"],
      [["--bench", "--self", ":1"], "there is no ADDRESS"],
      [["--bench", "--find", "p99>5ms"], "a limit from above"],
      [["--bench", "--retry", "5"], "exclude each other"],
      [["--bench", "--size", "64MiB", "--pipeline", "16"], "more than 1 GiB"],
      [["udp://:1", "--bench", "--size", "65508"], "at most 65507"],
      [["--merge"], "needs the names of result files"],
      [["--merge", file], "is no result of --bench --json"],
      [["--rate", "5"], "it is for --bench"],
    ] as const
  ) {
    const { code, stderr, text } = await netecho(["client", ...args]);
    assertEquals([code, text], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message);
    assertEquals(stderr.split("\n").length, 2);
  }
  await Deno.remove(file);
});

Deno.test("bench --report: a file that cannot be written is one line", async () => {
  const { code, stderr } = await netecho(
    ["client", "--self", "--bench", "--requests", "10", "--report", "/nowhere/x.html"],
  );
  assertEquals(code, 1);
  assertMatch(stderr, /^netecho: Cannot write \/nowhere\/x.html: no such file or directory\n$/);
});

Deno.test({
  ...onLinux("bench: on a terminal a line shows how it goes, and is gone at the end", ["script"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const args = ["--bench", "--duration", "600ms", "--warmup", "0"];
    const command = netechoShell(["client", `127.0.0.1:${server.port}`, ...args]);
    const { text } = await bash(`script -qec "${command}" /dev/null </dev/null`);
    assertMatch(text, /1 s left {2}[\d,]+\/s {2}p50 [\d.]+ ms {2}p99 [\d.]+ ms/);
    const seen = text.split("\x1b[K").at(-1)!;
    assertMatch(seen, /^Load on /);
  },
});

Deno.test("bench: lost requests are no fast ones, and fail a gate on a percentile", async () => {
  const faults = ["--fault", "drop:5%,direction=in", "--seed", "7"];
  await using server = await Server.start(["-q", ...faults], "udp://127.0.0.1:0");
  // More connections than are lost, so that none has to wait for a time-out.
  const args = [
    "--bench",
    "--requests",
    "400",
    "--rate",
    "2k/s",
    "--timeout",
    "1s",
    "--json",
    "--connections",
    "100",
  ];
  const { code, text, stderr } = await netecho(
    ["client", `udp://127.0.0.1:${server.port}`, ...args, "--fail-if", "p99>10s"],
  );
  assertEquals(code, 3, stderr);
  assertMatch(stderr, /p99 is endless: [\d.]+% of the requests failed/);
  const { requests, latency } = resultOf(text);
  assertEquals(requests.answered + requests.failed, 400);
  assert(latency.percentilesMs.p99 > 10_000 && latency.percentilesMs.p50 < 1000);
});

Deno.test("bench: connections that are lost between requests are counted, and made again", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted: Promise<void>[] = [];
  // Echoes one message and closes, while nothing is asked; the last connections are not asked at all.
  const serve = (conn: Deno.Conn) =>
    readExactly(conn, 64).then((message) => writeAll(conn, message)).catch(() => {})
      .finally(() => conn.close());
  const serving = (async () => {
    for await (const conn of listener) accepted.push(serve(conn));
  })();
  const args = ["--bench", "--rate", "10/s", "--connections", "2", "--warmup", "0", "--json"];
  const { code, text } = await netecho(
    ["client", `127.0.0.1:${listener.addr.port}`, ...args, "--requests", "10"],
  );
  listener.close();
  await serving;
  await Promise.all(accepted);
  assertEquals(code, 0);
  const { connections, errors } = resultOf(text);
  const lost = errors["between requests: closed by the peer"];
  assert(lost !== undefined && lost > 0);
  assert(connections!.reconnects >= 1 && connections!.reconnects <= accepted.length - 2);
  assertEquals(connections!.used, 2);
});

Deno.test({
  ...needingNamespace("bench: ports that are used up are named, and what worked is told"),
  async fn() {
    const server = netechoShell(["server", "127.0.0.1:7001", "-q"]);
    const args = ["127.0.0.1:7001", "--bench", "--connections", "30", "--duration", "300ms"];
    const { text, stderr } = await inNamespace([
      "ip link set lo up; echo 40000 40019 >/proc/sys/net/ipv4/ip_local_port_range",
      inBackground(server),
      'read -r listening <&"${S[0]}"',
      `${netechoShell(["client", ...args])}; kill $S_PID`,
    ]);
    assertMatch(text, /^Load on \S+: 20 of 30 connections,/, stderr);
    assertMatch(text, /^connections 20 of 30 were answered, 0 to [\d,]+ times each$/m);
    assertMatch(text, /x cannot connect: this machine has no free port, or no address, to connect/);
  },
});

Deno.test("bench --repeat: the runs stand beside their sum, and are compared with others", async () => {
  const folder = await Deno.makeTempDir();
  const baseline = `${folder}/baseline.json`;
  const args = ["client", "--self", "--bench", "--duration", "100ms", "--warmup", "0"];
  const repeat = [...args, "--repeat", "5", "--connections"];
  const first = await netecho([...repeat, "2", "--json"]);
  const { runs, latency, rate, elapsedMs, timeline, connections } = resultOf(first.text);
  assertEquals(connections, undefined); // each run had its own
  assertEquals(runs!.length, 5);
  const least = Math.min(...runs!.map(({ rate }) => rate));
  const most = Math.max(...runs!.map(({ rate }) => rate));
  assert(rate >= least && rate <= most, `${rate} of ${least} to ${most}`);
  assert(latency.count >= 0.9 * least * elapsedMs / 1000);
  assertEquals(timeline.length, 5);
  await Deno.writeTextFile(baseline, first.text);
  const { text } = await netecho([...repeat, "4", "--baseline", baseline]);
  assertMatch(text, /^unlike: connections 2, now 4$/m);
  assertMatch(text, /^rate +[\d,]+\/s to [\d,]+\/s, [+-][\d.]+%: (changed|noise|too little)/m);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("bench --requests: ends when the peer is gone, and tells what was never sent", async () => {
  const server = await Server.start(["--json", "--show", "none"]);
  const args = ["--bench", "--requests", "1000000000", "--timeout", "200ms", "--json"];
  const address = `127.0.0.1:${server.port}`;
  const running = netecho(["client", address, ...args, "--connections", "2"]);
  await server.line(/"event":"opened".*"connection":2,/);
  await server.stop("SIGKILL");
  const { text } = await running;
  const { requests: { answered, failed, unsent } } = resultOf(text);
  assertEquals(answered + failed + unsent, 1_000_000_000);
  assert(unsent > 0);
});

Deno.test({
  ...withSignals("bench --find: an interrupted search is no verdict"),
  async fn() {
    await using server = await Server.start(["--json", "--show", "none"]);
    const args = ["--bench", "--find", "p50<1h", "--duration", "1h", "--warmup", "0", "--json"];
    const search = new Running(netechoCommand(["client", `127.0.0.1:${server.port}`, ...args]));
    await server.line(/"event":"opened".*"connection":10,/);
    const { code, stderr } = await search.stop("SIGINT");
    assertEquals([code, stderr], [1, "netecho: The search was interrupted\n"]);
    const { interrupted, search: found } = resultOf(search.lines.join("\n"));
    assertEquals([interrupted, found!.highest], [true, undefined]);
  },
});

Deno.test("bench --requests: of an open loop, too, all that were asked for are accounted for", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const conn = await listener.accept();
    listener.close();
    for (let count = 0; count < 20; count++) await writeAll(conn, await readExactly(conn, 64));
    conn.close(); // and nobody is there
  })();
  const args = ["--bench", "--requests", "200", "--rate", "200/s", "--connections", "1"];
  const { code, text, stderr } = await netecho(
    ["client", `127.0.0.1:${listener.addr.port}`, ...args, "--timeout", "200ms", "--json"].concat([
      "--fail-if",
      "p50>1h",
    ]),
  );
  await serving;
  assertEquals(code, 3, stderr);
  const { requests: { answered, failed, unanswered, unsent } } = resultOf(text);
  assertEquals([answered, answered + failed + unanswered + unsent], [20, 200]);
});

Deno.test("bench --baseline: another kind of load is refused before anything is measured", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/closed.json`;
  const closed = await netecho(["client", "--self", "--bench", ...QUICK, "--json"]);
  await Deno.writeTextFile(file, closed.text);
  const nobody = `127.0.0.1:${unusedPort()}`;
  const args = ["client", nobody, "--bench", "--rate", "10/s", "--baseline", file];
  const { code, stderr } = await netecho(args);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Cannot compare different loads: closed loop");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("bench --start-at: processes started apart begin together, and merge", () =>
  withFolder(async (folder) => {
    await using server = await Server.start(["-q"]);
    const at = `127.0.0.1:${server.port}`;
    const start = new Date(Date.now() + 3000).toISOString();
    const load = ["--rate", "200/s", "--duration", "1s", "--warmup", "0", "--start-at", start];
    const results = await Promise.all([[], ["--workers", "2"]].map(async (more, index) => {
      const { code, text, stderr } = await netecho([
        ...["client", at, "--bench", "--json", ...load, ...more],
      ]);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      await Deno.writeTextFile(`${folder}/${index}.json`, text);
      return resultOf(text);
    }));
    for (const { started, requests } of results) {
      assert(Date.parse(started) >= Date.parse(start), `${started} is before ${start}`);
      assertEquals(requests.answered, 200);
    }
    const files = results.map((_, index) => `${folder}/${index}.json`);
    const { code, text, stderr } = await netecho(["client", "--merge", ...files, "--json"]);
    assertEquals(code, 0, stderr);
    const merged = resultOf(text);
    assertEquals([merged.requests.answered, merged.machines], [400, 2]);
    for (
      const [given, words] of [
        ["2020-01-01T00:00:00Z", /has passed/],
        ["tomorrow", /a time such as 2026-01-31T12:00:00Z/],
        ["2999-01-01T00:00:00Z", /more than 24 days away/],
      ] as const
    ) {
      const wrong = await netecho(["client", at, "--bench", "--start-at", given]);
      assertEquals(wrong.code, 2);
      assertMatch(wrong.stderr, words);
    }
  }));
