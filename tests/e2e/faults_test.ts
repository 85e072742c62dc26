import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { echoThrough, readAll, readExactly, writeAll } from "../support/connections.ts";
import { MAY_USE_FFI, netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { withNodeNetworking, withoutWine, withSignals, withSystemCalls } from "../support/skips.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { Authority } from "../support/pki.ts";

const RESET = "ConnectionReset";

const misbehaving = (...faults: string[]) =>
  Server.start([
    "--json",
    "--show",
    "none",
    "--seed",
    "7",
    ...faults.flatMap((f) => ["--fault", f]),
  ]);

Deno.test("faults are told at the start, with a seed that gives the same run again", async () => {
  const bytes = new Uint8Array(2000);
  const run = async (...args: string[]) => {
    await using server = await Server.start(["--fault", "corrupt:5%", ...args]);
    const told = await server.line(/faults corrupt:5%, --seed \d+$/);
    const conn = await server.connect();
    return {
      seed: /\d+$/.exec(told)![0],
      hash: await sha256(await echoThrough(conn, bytes) as Uint8Array<ArrayBuffer>),
    };
  };
  const first = await run();
  assertEquals(await run("--seed", first.seed), first);
  assert((await run("--seed", "1")).hash !== first.hash);
});

Deno.test({
  ...withoutWine("latency is seen by the client's ping, and does not lower the rate"),
  async fn() {
    await using server = await misbehaving("latency:50ms,direction=both");
    const { text } = await netecho(
      ["client", `127.0.0.1:${server.port}`, "--ping", "-c", "5", "-i", "0", "--json"],
    );
    const { rttMs } = JSON.parse(text.trim().split("\n").at(-1)!);
    assert(rttMs.min >= 99, `${rttMs.min}`); // it may be later on a busy machine, never sooner

    const bytes = randomBytes(30_000_000);
    const back = await echoThrough(await server.connect(), bytes); // one chunk at a time would take minutes
    assertEquals(await sha256(back as Uint8Array<ArrayBuffer>), await sha256(bytes));
  },
});

Deno.test("slices, stalls and a slow end lose nothing, over TLS either", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  for (const address of ["127.0.0.1:0", "tls://127.0.0.1:0"]) {
    const tls = address.startsWith("tls");
    const own = tls ? ["--cert", cert, "--key", key] : [];
    const trust = tls ? ["--ca", authority.ca, "--servername", "localhost"] : [];
    const faults = ["slicer:1000,size_variation=900", "stall:20ms,after=10KB", "slow_close:20ms"];
    const args = ["server", address, "-q", ...own, ...faults.flatMap((f) => ["--fault", f])];
    await using server = new Running(netechoCommand(args));
    const where = (await server.line(/^listening/)).replace("listening ", "");
    const bytes = randomBytes(200_000);
    const { code, stdout, stderr } = await netecho(["client", where, ...trust, "--verify"], {
      input: bytes,
    });
    assertEquals(code, 0, stderr);
    assertEquals(stdout, bytes);
  }
});

Deno.test("limit_data: the client gets that much and then the end; others are not concerned", async () => {
  await using server = await misbehaving("limit_data:1000,connections=1");
  const bytes = randomBytes(5000);
  const cut = await echoThrough(await server.connect(), bytes);
  assertEquals(cut, bytes.slice(0, 1000));
  assertEquals(await echoThrough(await server.connect(), bytes), bytes);
  const { connection, fault, detail } = JSON.parse(await server.line(/"event":"fault"/));
  assertEquals([connection, fault, detail], [1, "limit_data", "closes after 1,000 bytes"]);
});

for (const how of ["reset_peer:20ms", "refuse:reset"]) {
  Deno.test({
    ...withSystemCalls(`${how}: the client sees RST, with nothing sent`),
    async fn() {
      await using server = await misbehaving(how);
      using conn = await server.connect();
      await assertRejects(() => readAll(conn), Deno.errors.ConnectionReset);
      assertMatch(await server.line(/"event":"closed"/), /"reason":"fault"/);
    },
  });
}

Deno.test("timeout swallows everything and then closes; refuse closes at once", async () => {
  await using server = await misbehaving(
    "timeout:50ms,connections=1",
    "refuse:close,connections=2",
  );
  assertEquals(await echoThrough(await server.connect(), randomBytes(1000)), new Uint8Array(0));
  using refused = await server.connect();
  assertEquals(await readAll(refused), new Uint8Array(0));
});

Deno.test("faults come from a file, too; what is wrong with them is one line", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(
    file,
    JSON.stringify([{ kind: "limit_data", bytes: 10 }, {
      kind: "latency",
      latency: "1ms",
      match: "/./s",
    }]),
  );
  const server = await Server.start(["--faults", file, "-q"]);
  await using _ = server;
  assertEquals((await echoThrough(await server.connect(), randomBytes(99))).length, 10);
  await Deno.writeTextFile(file, '[{"kind":"limit"}]');
  for (
    const [args, message] of [
      [["--faults", file], 'Unknown fault "limit"'],
      [["--faults", "/nowhere/x.json"], "no such file"],
      [["--fault", "latency:1"], "try 1s or 1ms"],
      [["--fault", "drop:1%"], "for datagrams alone"],
      [["--fault", "latency:1ms", "--seed", "-1"], "a whole number below 2^32"],
    ] as const
  ) {
    const { code, stderr } = await netecho(["server", "127.0.0.1:0", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.split("\n").length, 2);
  }
  await Deno.remove(file);
});

Deno.test("drop: over UDP, ping counts what is lost and doubled", async () => {
  const args = ["server", "udp://127.0.0.1:0", "-q", "--seed", "3"];
  await using server = new Running(
    netechoCommand([...args, "--fault", "drop:20%,duplicate=20%"]),
  );
  const where = (await server.line(/^listening/)).replace("listening ", "");
  const ping = [
    "client",
    where,
    "--ping",
    "-c",
    "100",
    "-i",
    "1ms",
    "--timeout",
    "300ms",
    "--json",
  ];
  const { text } = await netecho(ping);
  const { lost, duplicated, corrupt } = JSON.parse(text.trim().split("\n").at(-1)!);
  assert(lost >= 8 && lost <= 35, `${lost} lost`);
  assert(duplicated >= 5 && duplicated <= 30, `${duplicated} doubled`);
  assertEquals(corrupt, 0);

  await using late = new Running(netechoCommand([...args, "--fault", "latency:30ms"]));
  const there = (await late.line(/^listening/)).replace("listening ", "");
  const slow = await netecho(["client", there, "--ping", "-c", "20", "-i", "1ms", "--json"]);
  const summary = JSON.parse(slow.text.trim().split("\n").at(-1)!);
  assertEquals([summary.lost, summary.corrupt], [0, 0]);
  assert(summary.rttMs.min >= 29, `${summary.rttMs.min}`);
});

Deno.test({
  ...withSystemCalls("reset_peer with --once: the RST is out before the program ends"),
  async fn() {
    await using server = await Server.start(["-q", "--once", "--fault", "reset_peer:20ms"]);
    using conn = await server.connect();
    await assertRejects(() => readAll(conn), Deno.errors.ConnectionReset);
  },
});

Deno.test({
  ...withSystemCalls("reset_peer: of many connections at once, each gets its RST"),
  async fn() {
    await using server = await Server.start(["-q", "--fault", "reset_peer:500ms"]);
    const conns = await Promise.all(Array.from({ length: 300 }, () => server.connect()));
    const endings = await Promise.all(
      conns.map((conn) => readAll(conn).then(() => "FIN", ({ name }) => name)),
    );
    for (const conn of conns) conn.close();
    assertEquals([...new Set(endings)], ["ConnectionReset"]);
  },
});

Deno.test({
  ...withSystemCalls("reset_peer:0 lets nothing through, and nothing after the point"),
  async fn() {
    for (const [fault, most] of [["reset_peer", 0], ["reset_peer,after=1000", 1000]] as const) {
      await using server = await misbehaving(fault);
      for (let count = 0; count < 20; count++) {
        const conn = await server.connect().catch(({ name }) => assertEquals(name, RESET));
        if (!conn) continue; // it was as early as that
        using _ = conn;
        let got = 0;
        const reading = (async () => {
          const buffer = new Uint8Array(65536);
          for (;;) {
            const length = await conn.read(buffer);
            if (length === null) return "FIN";
            got += length;
          }
        })().catch(({ name }) => name);
        // The system tells of a reset once, to whoever asks first.
        const writing = writeAll(conn, new Uint8Array(3000)).then(() => conn.closeWrite())
          .catch(({ name }) => name);
        const told = await Promise.all([reading, writing]);
        assert(told.includes(RESET), `${told}`);
        assert(got <= most, `${got}`);
      }
    }
  },
});

Deno.test({
  ...withSignals("a server of datagrams stops although a fault holds some back"),
  async fn() {
    const args = ["server", "udp://127.0.0.1:0", "--fault", "latency:1h", "--grace", "100ms"];
    await using server = new Running(netechoCommand(args));
    const where = (await server.line(/^listening/)).replace("listening ", "");
    await netecho(["client", where, "--linger", "0"], { input: "x" });
    await server.line(/ < 1 byte/);
    const { code } = await server.stop("SIGINT");
    assertEquals(code, 0);
    assert(server.lines.some((line) => line.includes("stopping")), server.lines.join("\n"));
  },
});

Deno.test("a service that only writes into a black hole leaves the others their turn", async () => {
  await using server = await Server.start(
    ["-q", "--service", "chargen", "--fault", "timeout:0,connections=1"],
  );
  using swallowed = await server.connect();
  using other = await server.connect();
  assertEquals((await readExactly(other, 100_000)).length, 100_000);
  await swallowed.closeWrite();
});

Deno.test("limit_data on what comes in: so much is served, later faults included", async () => {
  await using server = await misbehaving(
    "limit_data:10,direction=in",
    "latency:50ms,direction=in",
  );
  const back = await echoThrough(await server.connect(), randomBytes(100));
  assertEquals(back, randomBytes(100).slice(0, 10));
});

Deno.test("faults of one listener's kind leave the other kind alone", async () => {
  const args = ["server", "127.0.0.1:0", "udp://127.0.0.1:0", "--fault", "drop:100%"];
  await using server = new Running(netechoCommand(args));
  const tcp = (await server.line(/^listening tcp/)).replace("listening ", "");
  assertEquals((await netecho(["client", tcp], { input: "kept" })).text, "kept");
});

for (
  const fault of [
    "latency:600ms",
    "latency:250ms,direction=both",
    "stall:600ms",
    "slicer:100,delay=20ms",
    "bandwidth:5KB/s",
    "slow_close:100ms",
  ]
) {
  Deno.test({
    ...withSystemCalls(`an upstream's reset comes behind what it sent: ${fault}`),
    async fn() {
      const bytes = randomBytes(3000);
      await using upstream = await Server.start(["--fault", "reset_peer:400ms"]);
      const args = ["--to", `127.0.0.1:${upstream.port}`, "--fault", fault];
      await using server = await Server.start(args, "127.0.0.1:0=forward");
      using conn = await server.connect();
      await writeAll(conn, bytes);
      assertEquals(await readExactly(conn, bytes.length), bytes);
      await assertRejects(() => readAll(conn), Deno.errors.ConnectionReset);
      await server.line(/closed .*reset/);
    },
  });
}

for (
  const fault of ["latency:100ms", "stall:100ms", "slicer:500", "bandwidth:1MB/s", "slow_close"]
) {
  Deno.test({
    ...withSystemCalls(`through TLS too, both ways, all arrives before the same ending: ${fault}`),
    async fn() {
      await using authority = await Authority.create();
      const { cert, key } = await authority.issue();
      const caCerts = [Deno.readTextFileSync(authority.ca)];
      const bytes = randomBytes(200_000);
      await using echo = await Server.start();
      await using resetting = await Server.start(["--fault", "reset_peer:300ms,after=200000"]);
      for (const upstream of [echo, resetting]) {
        const args = ["--to", `127.0.0.1:${upstream.port}`, "--cert", cert, "--key", key];
        const faults = ["--fault", `${fault},direction=both`];
        await using server = await Server.start([...args, ...faults], "tls://127.0.0.1:0=forward");
        using conn = await Deno.connectTls({ hostname: "localhost", port: server.port, caCerts });
        await Promise.all([
          writeAll(conn, bytes),
          readExactly(conn, bytes.length).then((echoed) => assertEquals(echoed, bytes)),
        ]);
        if (upstream === resetting) {
          await assertRejects(() => readAll(conn), Error);
          await server.line(/closed .*reset/);
        } else {
          await conn.closeWrite();
          assertEquals(await readAll(conn), new Uint8Array());
          await server.line(/closed .*peer/);
        }
      }
    },
  });
}

Deno.test("limit_data: a client that has sent more, and reads late, gets all of the limit", async () => {
  await using server = await misbehaving("limit_data:300KB");
  using conn = await server.connect();
  const bytes = randomBytes(2_000_000);
  await writeAll(conn, bytes);
  await server.line(/"event":"fault"/);
  assertEquals(await readAll(conn), bytes.slice(0, 300_000));
  await conn.closeWrite();
  assertMatch(await server.line(/"event":"closed"/), /"reason":"fault"/);
});

Deno.test("limit_data on what comes in closes, though the upstream goes on", async () => {
  await using upstream = await Server.start([], "127.0.0.1:0=chargen");
  const args = ["--to", `127.0.0.1:${upstream.port}`, "--fault", "limit_data:10,direction=in"];
  await using server = await Server.start(args, "127.0.0.1:0=forward");
  using conn = await server.connect();
  await writeAll(conn, randomBytes(100));
  await readAll(conn); // to an end
  await conn.closeWrite();
  await server.line(/closed .*limit_data/);
});

Deno.test("timeout:0 lets go of a client that has left", async () => {
  await using server = await misbehaving("timeout:0");
  const conn = await server.connect();
  await writeAll(conn, randomBytes(10));
  await conn.closeWrite();
  assertEquals(await readAll(conn), new Uint8Array(0));
  conn.close();
  await server.line(/"event":"closed"/);
});

Deno.test({
  ...withSystemCalls(
    "reset_peer: of connections whose descriptors are far apart, each gets its RST",
  ),
  async fn() {
    // 1,101 descriptors in a row that are no sockets.
    const script =
      'ulimit -n 4096; for n in $(seq 100 1200); do eval "exec $n</dev/null"; done; exec "$@"';
    const args = ["server", "127.0.0.1:0", "-q", "--fault", "reset_peer:0"];
    const [program, rest] = netechoCommand(args);
    await using server = new Running(["bash", ["-c", script, "bash", program, ...rest]]);
    const port = Number(/\d+$/.exec(await server.line(/listening/))![0]);
    // Under load the RST can come before the client has seen that it is connected.
    const ending = async () => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await readAll(conn);
      return "FIN";
    };
    const endings = await Promise.all(
      Array.from({ length: 150 }, () => ending().catch(({ name }) => name)),
    );
    assertEquals(new Set(endings), new Set(["ConnectionReset"]));
  },
});

const older = (await withNodeNetworking("")).ignore;

for (const transport of ["tcp", "tls"]) {
  Deno.test(`accept_delay: ${transport} is accepted by the system, and nothing is read before its time`, async () => {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const [own, trust] = transport === "tls"
      ? [["--cert", cert, "--key", key], ["--ca", authority.ca]]
      : [[], []];
    const args = ["--json", "--fault", "accept_delay:400ms,connections=1-2", ...own];
    await using server = await Server.start(args, `${transport}://127.0.0.1:0`);
    const started = performance.now();
    const at = `${transport}://localhost:${server.port}`;
    const late = await netecho(["client", at, ...trust, "--connect-timeout", "150ms"]);
    const held = transport === "tls" && (!older || MAY_USE_FFI);
    if (held) assertEquals(late.code, 1, late.stderr);
    const slow = await netecho(["client", at, ...trust], { input: "hello" });
    assertEquals([slow.code, slow.text], [0, "hello"]);
    assert(performance.now() - started > 400);
    const { fault, detail } = JSON.parse(await server.line(/"event":"fault"/));
    assertEquals([fault, detail], ["accept_delay", "read nothing for 400 ms"]);
    const next = await netecho(["client", at, ...trust], { input: "hello" });
    assertEquals([next.code, next.text], [0, "hello"]);
    const faults = server.lines.filter((line) => line.includes('"event":"fault"')).length;
    assertEquals(faults, held ? 1 : 2); // the first was never opened
  });
}

Deno.test({
  ...withSignals("accept_delay: a server that is stopped meanwhile does not wait for it"),
  async fn() {
    await using server = await Server.start(["-q", "--fault", "accept_delay:1h", "--grace", "0"]);
    using _waiting = await server.connect();
    const { code } = await server.stop("SIGTERM");
    assertEquals(code, 0);
  },
});

Deno.test("--faults takes toxiproxy's toxics, in its units", async () => {
  const file = await Deno.makeTempFile();
  const toxic = {
    ...{ name: "my_latency", type: "latency", stream: "downstream", toxicity: 1 },
    attributes: { latency: 200, jitter: 0 },
  };
  await Deno.writeTextFile(file, JSON.stringify([toxic]));
  await using server = await Server.start(["--json", "--faults", file]);
  const started = performance.now();
  using conn = await server.connect();
  await writeAll(conn, new Uint8Array([1]));
  await readExactly(conn, 1);
  assert(performance.now() - started > 199);
  const { fault, detail } = JSON.parse(await server.line(/"event":"fault"/));
  assertEquals([fault, detail], ["my_latency", "delays by 200 ms"]);
  await Deno.remove(file);
});
