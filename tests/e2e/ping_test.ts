import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Authority } from "../support/pki.ts";
import {
  bash,
  netecho,
  netechoCommand,
  netechoShell,
  Running,
  Server,
} from "../support/programs.ts";
import { needing, onLinux, withSignals, withTransport } from "../support/skips.ts";
import { unusedPort } from "../support/system.ts";

const records = (text: string) =>
  text.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);

for (const address of ["127.0.0.1:0", "udp://127.0.0.1:0", "unix"]) {
  Deno.test({
    ...withTransport(address, `ping: ${address}: a line for each answer, then a summary`),
    async fn() {
      const path = await Deno.makeTempFile();
      await Deno.remove(path);
      const at = address === "unix" ? `unix:${path}` : address;
      await using server = new Running(netechoCommand(["server", at, "-q"]));
      const where = (await server.line(/listening/)).replace("listening ", "");
      const args = ["client", where, "--ping", "--count", "3", "--interval", "1ms"];
      const { code, text, stderr } = await netecho(args);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      const from = where.replace(/^(tcp|udp):\/\//, "");
      const lines = text.split("\n");
      assertEquals(lines[0], `PING ${where}: 64 bytes`);
      for (const seq of [1, 2, 3]) {
        assertMatch(
          lines[seq]!.replace(from, "PEER"),
          new RegExp(`^64 bytes from PEER: seq=${seq} time=\\d+\\.\\d{3} ms$`),
        );
      }
      assertMatch(lines[6]!, /^3 sent, 3 received, 0% lost, time /);
      assertMatch(lines[7]!, /^rtt min\/avg\/max\/mdev = (\d+\.\d{3}\/){3}\d+\.\d{3} ms$/);
      assertMatch(lines[8]!, /^rtt p50\/p95\/p99 = .* ms, jitter \d+\.\d{3} ms \(RFC 3550\)$/);
    },
  });
}

Deno.test("ping: a large message over a stream is checked whole; one flipped bit shows", async () => {
  await using server = await Server.start(["-q"]);
  const args = ["--ping", "-c", "2", "-i", "0", "--size", "1MiB", "--json"];
  const good = await netecho(["client", `127.0.0.1:${server.port}`, ...args]);
  assertEquals(records(good.text).slice(1, 3).map(({ size, intact }) => [size, intact]), [
    [1048576, true],
    [1048576, true],
  ]);
  await using flipping = await startFlipping(1_500_000);
  const bad = await netecho(["client", `127.0.0.1:${flipping.port}`, ...args]);
  assertEquals(records(bad.text).slice(1, 3).map(({ intact }) => intact), [true, false]);
  assertEquals(records(bad.text).at(-1)!.corrupt, 1);
});

// An echo that flips a bit of the byte at an offset.
function startFlipping(offset: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using conn = await listener.accept();
    const buffer = new Uint8Array(65536);
    let at = 0;
    for (let length = await conn.read(buffer); length; length = await conn.read(buffer)) {
      if (at <= offset && offset < at + length) buffer[offset - at]! ^= 1;
      at += length;
      for (let sent = 0; sent < length;) sent += await conn.write(buffer.subarray(sent, length));
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

Deno.test("ping: over UDP, a peer that loses, doubles, swaps and spoils is found out", async () => {
  const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  const answers: Record<number, (one: Uint8Array, held: Uint8Array[]) => Uint8Array[]> = {
    2: () => [],
    3: (one) => [one, one],
    4: (one, held) => (held.push(one), []),
    5: (one, held) => [one, ...held.splice(0)],
    6: (one) => [one.with(40, 0)],
  };
  const serving = (async () => {
    const held: Uint8Array[] = [];
    for (let number = 1; number <= 7; number++) {
      const [datagram, from] = await socket.receive();
      const one = datagram.slice();
      for (const answer of answers[number]?.(one, held) ?? [one]) await socket.send(answer, from);
    }
  })();
  const { port } = socket.addr as Deno.NetAddr;
  const args = ["--ping", "-c", "7", "-i", "10ms", "--timeout", "300ms", "--json"];
  const { code, text } = await netecho(["client", `udp://127.0.0.1:${port}`, ...args]);
  await serving;
  socket.close();
  assertEquals(code, 1); // one was spoilt
  const all = records(text);
  assertEquals(all.find(({ event }) => event === "lost"), {
    ...all.find(({ event }) => event === "lost"),
    seq: 2,
    reason: "timed out after 300 ms",
  });
  const { sent, received, lost, duplicated, reordered, corrupt } = all.at(-1)!;
  assertEquals({ sent, received, lost, duplicated, reordered, corrupt }, {
    sent: 7,
    received: 6,
    lost: 1,
    duplicated: 1,
    reordered: 1,
    corrupt: 1,
  });
});

Deno.test("ping --connect: splits the time, over TLS too; a refused one is a lost one", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  const server = new Running(
    netechoCommand(["server", "tls://127.0.0.1:0", "--cert", cert, "--key", key, "-q"]),
  );
  await using _ = server;
  const where = (await server.line(/listening/)).replace("listening ", "");
  const args = ["--ping", "--connect", "-c", "2", "-i", "0"];
  const trust = ["--ca", authority.ca, "--servername", "localhost"];
  const { code, text, stderr } = await netecho(["client", where, ...args, ...trust]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const time = "\\d+\\.\\d{3}";
  assertMatch(
    text,
    new RegExp(
      `seq=2 time=${time} ms \\(connect ${time}, tls ${time}, echo ${time} ms\\)`,
    ),
  );
  assertMatch(text, /median of each part: connect /);

  const nobody = `127.0.0.1:${unusedPort()}`;
  const refused = await netecho(["client", nobody, ...args]);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.text, `no answer from ${nobody}: seq=1 connection refused`);
  assertStringIncludes(refused.text, "2 sent, 0 received, 100% lost");
  assert(!refused.text.includes("rtt"));
});

Deno.test("ping: nobody there, and a peer that closes, are one line and exit 1", async () => {
  const nobody = await netecho(["client", `127.0.0.1:${unusedPort()}`, "--ping"]);
  assertEquals([nobody.code, nobody.text], [1, ""]);
  assertMatch(nobody.stderr, /^netecho: Cannot connect to .*connection refused.*\n$/);
  await using server = await Server.start(["-q", "--service", "daytime"]);
  const closing = await netecho(["client", `127.0.0.1:${server.port}`, "--ping"]);
  assertEquals(closing.code, 1);
  assertMatch(closing.stderr, /^netecho: The peer closed the connection\n$/);
});

Deno.test("ping: a peer that answers what was not asked is no echo, and ends it", async () => {
  await using chargen = await Server.start(["-q", "--service", "chargen"]);
  const { code, text, stderr } = await netecho(["client", `127.0.0.1:${chargen.port}`, "--ping"]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^netecho: The peer sends more than it was sent: it does not echo; .*--connect --size 0\n$/,
  );
  assertStringIncludes(text, "CORRUPT");
});

Deno.test({
  ...needing(["bash"], "ping: a reader that leaves, and a peer that never reads, end it"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const ping = netechoShell(["client", `127.0.0.1:${server.port}`, "--ping", "-i", "0"]);
    const { text, stderr } = await bash(`${ping} | head -n 1; echo "\${PIPESTATUS[0]}"`);
    assertMatch(text, /^PING .*\n1\n$/);
    assertMatch(stderr, /^netecho: Cannot write to stdout: .*\n$/);

    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = listener.accept();
    const args = ["--ping", "--size", "32MiB", "--timeout", "200ms"];
    const deaf = await netecho(["client", `127.0.0.1:${listener.addr.port}`, ...args]);
    (await accepting).close();
    listener.close();
    assertEquals(deaf.code, 1);
    assertMatch(deaf.stderr, /^netecho: The peer does not read what it is sent\n$/);
  },
});

Deno.test("ping: a deadline ends a run without an answer; as ping(8), fewer than asked is exit 1", async () => {
  await using server = await Server.start(["-q", "--service", "discard"]);
  const at = `127.0.0.1:${server.port}`;
  const silent = await netecho(["client", at, "--ping", "--deadline", "1s", "-i", "10ms"]);
  assertEquals(silent.code, 1);
  // None of them had the time that an answer may take.
  assertMatch(silent.text, /^(\d+) sent, 0 received, \1 awaited when it was stopped, /m);
  assertStringIncludes(silent.stderr, "No message was answered by the deadline");
  const slow = ["--timeout", "100ms", "-i", "250ms", "--deadline", "1200ms", "--json", "-q"];
  const lost = await netecho(["client", at, "--ping", ...slow]);
  const { sent, received, lost: count, awaited } = JSON.parse(lost.text.trim().split("\n").at(-1)!);
  assertEquals([received, count + awaited], [0, sent]);
  assert(count >= 1, lost.text);
  await using echo = await Server.start(["-q"]);
  const few = await netecho(
    [
      "client",
      `127.0.0.1:${echo.port}`,
      "--ping",
      "--deadline",
      "1s",
      "-c",
      "50",
      "-i",
      "100ms",
    ],
  );
  assertEquals(few.code, 1);
  assertMatch(few.text, /^\d+ sent, [1-9]\d? received/m);
});

Deno.test({
  ...withSignals("ping: SIGINT prints the summary, as JSON too"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const at = `127.0.0.1:${server.port}`;
    const client = new Running(netechoCommand(["client", at, "--ping", "-i", "10s", "--json"]));
    await using _ = client;
    await client.line(/"reply"/);
    const { code, stderr } = await client.stop("SIGINT");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const last = JSON.parse(client.lines.at(-1)!);
    assertEquals([last.event, last.sent, last.received], ["summary", 1, 1]);
  },
});

Deno.test("ping: what is refused", async () => {
  for (
    const [args, message] of [
      [["--ping", "--size", "0"], "at least 1 byte"],
      [["udp://:1", "--ping", "--size", "7"], "at least 8 bytes"],
      [["--ping", "--size", "1GB"], "at most 64MiB"],
      [["--count", "3"], "--count does not apply here: it is for --ping"],
      [["--ping", "--interval", "5"], "try 5s or 5ms"],
    ] as const
  ) {
    const { code, stderr } = await netecho(["client", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
});

Deno.test("wait: a peer that is there, one that is not, and one that comes late", async () => {
  await using server = await Server.start(["-q"]);
  const there = await netecho(["client", `127.0.0.1:${server.port}`, "--wait", "10s"]);
  assertEquals([there.code, there.text], [0, ""]);
  assertMatch(there.stderr, /^tcp:\/\/127\.0\.0\.1:\d+ accepts connections, after [\d.]+ ms\n$/);

  const port = unusedPort();
  const absent = await netecho(["client", `127.0.0.1:${port}`, "--wait", "1s"]);
  assertEquals(absent.code, 124);
  assertMatch(absent.stderr, /^netecho: tcp:.* is not ready after 1 s: connection refused\n$/);

  const waiting = new Running(netechoCommand(["client", `127.0.0.1:${port}`, "--wait", "30s"]));
  await using late = await Server.start(["-q"], `127.0.0.1:${port}`);
  assertEquals((await waiting.end()).code, 0);
  assertEquals(late.port, port);
});

Deno.test("wait --expect: what accepts and does not answer does not count", async () => {
  await using discard = await Server.start(["-q", "--service", "discard"]);
  await using reply = await Server.start([
    "-q",
    "--service",
    "reply",
    "--reply",
    "220 ready\\r\\n",
  ]);
  await using echo = await Server.start(["-q"], "udp://127.0.0.1:0");
  const wait = (to: string, ...args: string[]) => netecho(["client", to, "--wait", ...args]);
  const silent = await wait(
    `127.0.0.1:${discard.port}`,
    "200ms",
    "--expect",
    "echo",
    "--timeout",
    "50ms",
  );
  assertEquals(silent.code, 124);
  assertStringIncludes(silent.stderr, "it accepts, and does not answer in time");
  const at = `127.0.0.1:${reply.port}`;
  assertEquals((await wait(at, "10s", "--expect", "ready\\r\\n")).code, 0);
  const other = await wait(at, "500ms", "--expect", "220 other");
  assertEquals(other.code, 124);
  assertStringIncludes(other.stderr, "does not say what is expected");
  const noEcho = await wait(at, "500ms", "--expect", "echo");
  assertStringIncludes(noEcho.stderr, "it accepts, and closes the connection without an echo");
  const udp = `udp://127.0.0.1:${echo.port}`;
  assertEquals((await wait(udp, "10s", "--expect", "echo")).code, 0);
  const undecidable = await wait(udp, "1s");
  assertEquals(undecidable.code, 2);
  assertStringIncludes(undecidable.stderr, "needs --expect");
});

Deno.test({
  ...onLinux("ping: on a terminal a sparkline stands below, and is gone at the end", ["script"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const command = netechoShell([
      "client",
      `127.0.0.1:${server.port}`,
      "--ping",
      "-c",
      "3",
      "-i",
      "5ms",
    ]);
    const { text } = await bash(`script -qec "${command}" /dev/null </dev/null`);
    assertMatch(text, /[▁-█]{2} {2}p50 .* ms, p99 .* ms/);
    // What stands when all that was taken back is gone.
    const seen = text.replaceAll("\r\n", "\n").split("\n").map((line) =>
      line.split("\x1b[K").at(-1)
    );
    assert(!seen.some((line) => /[▁-█]/.test(line!)), seen.join("\n"));
  },
});

Deno.test("wait: of several peers all have to be there", async () => {
  await using one = await Server.start(["-q"]);
  await using two = await Server.start(["-q"]);
  const [first, second, absent] = [one.port, two.port, unusedPort()].map((port) =>
    `127.0.0.1:${port}`
  );
  const there = await netecho(["client", first!, second!, "--wait", "10s"]);
  assertEquals(there.code, 0);
  for (const peer of [first, second]) assertStringIncludes(there.stderr, `${peer} accepts`);
  const lacking = await netecho(["client", first!, absent!, "--wait", "500ms"]);
  assertEquals(lacking.code, 124);
  assertStringIncludes(lacking.stderr, `${absent} is not ready after 500 ms`);
  const expecting = ["--expect", "echo"];
  assertEquals((await netecho(["client", first!, second!, "--wait", "9s", ...expecting])).code, 0);
});

Deno.test("wait-closed: a peer that is gone, one that stays, and one that goes", async () => {
  const gone = await netecho(["client", `127.0.0.1:${unusedPort()}`, "--wait-closed", "10s"]);
  assertEquals(gone.code, 0);
  assertMatch(gone.stderr, /^tcp:\S+ accepts no connections, after [\d.]+ m?s\n$/);
  const server = await Server.start(["-q"]);
  const at = `127.0.0.1:${server.port}`;
  const stays = await netecho(["client", at, "--wait-closed", "2s"]);
  assertEquals(
    [stays.code, stays.stderr],
    [124, `netecho: tcp://${at} still accepts connections after 2 s\n`],
  );
  const waiting = new Running(netechoCommand(["client", at, "--wait-closed", "30s"]));
  await server[Symbol.asyncDispose]();
  assertEquals((await waiting.end()).code, 0);
  const udp = await netecho(["client", "udp://127.0.0.1:9", "--wait-closed", "1s"]);
  assertEquals(udp.code, 2);
  await using plain = await Server.start(["-q"]);
  const limit = ["--wait-closed", "200ms"];
  const tls = await netecho(["client", `tls://127.0.0.1:${plain.port}`, ...limit]);
  assertEquals(tls.code, 124, tls.stderr); // it accepts, whatever it speaks
  const unknown = await netecho(["client", "nowhere.invalid:80", ...limit]);
  assertEquals(unknown.code, 1);
  assertMatch(unknown.stderr, /^netecho: Cannot resolve nowhere\.invalid: /);
});

Deno.test("a peer that says something else is not taken for silent", async () => {
  const banner = ["--service", "reply", "--reply", "220 hello\\r\\n", "-q"];
  await using server = await Server.start([...banner, "--fault", "slow_close:10s"]);
  const args = ["--ping", "-c", "1", "--timeout", "300ms"];
  const { code, text } = await netecho(["client", `127.0.0.1:${server.port}`, ...args]);
  assertEquals(code, 1);
  assertMatch(
    text,
    /^no answer from .*: seq=1 timed out after 300 ms; 11 bytes came, but no whole echo$/m,
  );
});
