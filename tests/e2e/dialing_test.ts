/** How the client connects, and which way it lets bytes go. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  allOf,
  needing,
  needingNamespace,
  onLinux,
  withNodeNetworking,
  withoutWine,
} from "../support/skips.ts";
import {
  inBackground,
  inNamespace,
  netecho,
  netechoCommand,
  netechoShell,
  Running,
  Server,
} from "../support/programs.ts";
import { randomBytes } from "../support/bytes.ts";
import { readAll, writeAll } from "../support/connections.ts";
import { unusedPort } from "../support/system.ts";

/** A peer that a test plays itself. */
function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

const SOURCE_IS_SEEN = "--source is where the peer sees the client, over TCP, TLS and UDP";

Deno.test({
  ...allOf(onLinux(SOURCE_IS_SEEN), await withNodeNetworking(SOURCE_IS_SEEN)),
  async fn() {
    for (const transport of ["tcp", "tls", "udp"]) {
      await using server = await Server.start(["--json"], `${transport}://127.0.0.1:0`);
      const port = unusedPort();
      const address = `${transport}://127.0.0.1:${server.port}`;
      const trust = transport === "tls" ? ["--insecure"] : [];
      const args = ["client", address, "--source", `127.0.0.5:${port}`, "--linger", "5s", ...trust];
      const { code, text, stderr } = await netecho([...args, "--verify"], {
        input: randomBytes(3000),
      });
      assertEquals([code, text.length > 0, stderr], [
        0,
        true,
        "verified: 3,000 bytes came back as sent\n",
      ]);
      assertMatch(
        await server.line(/"opened"/),
        new RegExp(`"remote":"${transport}://127.0.0.5:${port}"`),
      );
    }
  },
});

const WHOLE = "--source loses nothing in 50 MB";

Deno.test({
  ...allOf(withoutWine(WHOLE), await withNodeNetworking(WHOLE)),
  async fn() {
    await using server = await Server.start(["-q"]);
    const args = ["127.0.0.1", String(server.port), "--verify", "--source", "127.0.0.1"];
    const { code, stderr } = await netecho(["client", ...args], { input: randomBytes(50 << 20) });
    assertEquals([code, stderr], [0, "verified: 52,428,800 bytes came back as sent\n"]);
  },
});

Deno.test({
  ...await withNodeNetworking("--source names what it cannot bind"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const args = ["client", "127.0.0.1", String(server.port), "--source", "192.0.2.1"];
    const foreign = await netecho(args);
    assertEquals(foreign.code, 1);
    assertMatch(
      foreign.stderr,
      /^netecho: Cannot connect from 192\.0\.2\.1:0: this machine does not have that address\n$/,
    );
  },
});

Deno.test({
  ...await withNodeNetworking("--source says when its family is not the peer's"),
  async fn() {
    for (const transport of ["tcp", "udp"]) {
      const args = ["client", `${transport}://127.0.0.1:9`, "--source", "[::1]:0"];
      const { code, stderr } = await netecho(args);
      assertEquals(code, 1);
      const address = `${transport}://127.0.0.1:9`;
      const message = `Cannot connect from ::1 to ${address}: one is IPv4, the other IPv6`;
      assertEquals(stderr, `netecho: ${message}\n`);
    }
  },
});

Deno.test("--recv-only leaves stdin alone and sends no FIN", async () => {
  using listener = listen();
  const args = ["client", "127.0.0.1", String(listener.addr.port), "--recv-only"];
  await using client = new Running(netechoCommand(args));
  const conn = await listener.accept();
  await writeAll(conn, new TextEncoder().encode("first\n"));
  await client.line(/first/);
  let ended = false;
  const reading = readAll(conn).then((bytes) => (ended = true, bytes));
  await writeAll(conn, new TextEncoder().encode("second\n"));
  await client.line(/second/);
  assertEquals(ended, false);
  await conn.closeWrite();
  assertEquals([(await client.end()).code, (await reading).length], [0, 0]);
  conn.close();
});

Deno.test("--send-only sends all, prints nothing, and ends with the peer", async () => {
  await using server = await Server.start(["--json", "--show", "none"]);
  const args = ["client", "127.0.0.1", String(server.port), "--send-only"];
  const { code, text, stderr } = await netecho(args, { input: randomBytes(5_000_000) });
  assertEquals([code, text, stderr], [0, "", ""]);
  const { received, sent } = JSON.parse(await server.line(/"closed"/));
  assertEquals([received, sent], [5_000_000, 5_000_000]);
});

Deno.test({
  ...needing(["bash"], "--retry waits for the peer to come, -v tells of it"),
  async fn() {
    const port = unusedPort();
    const client = netechoShell(["client", "127.0.0.1", String(port), "--retry", "60s", "-v"]);
    await using asking = new Running(["bash", ["-c", `echo hello | ${client} 2>&1`]]);
    await asking.line(/^Cannot connect to \S+: connection refused \(tried \S+\); trying again$/);
    await using _server = await Server.start([], `127.0.0.1:${port}`);
    assertEquals((await asking.end()).code, 0);
    const [hello, ...told] = asking.lines.slice(-3).toSorted((one) => one === "hello" ? -1 : 1);
    assertEquals(hello, "hello");
    const connected =
      /^connected to tcp:\/\/127\.0\.0\.1:\d+ from tcp:\/\/127\.0\.0\.1:\d+ in [\d.]+ m?s$/;
    assert(told.some((line) => connected.test(line)), told.join("\n"));
    // What the system knows of the connection follows, where it tells.
    assert(told.some((line) => line.startsWith("6 bytes sent, 6 bytes received")));
  },
});

Deno.test("--retry N gives up after N more attempts", async () => {
  const args = ["client", "127.0.0.1", String(unusedPort()), "--retry", "2", "-v"];
  const { code, stderr } = await netecho(args);
  const lines = stderr.trimEnd().split("\n");
  assertEquals([code, lines.length], [1, 3]);
  assertEquals(lines.filter((line) => line.endsWith("; trying again")).length, 2);
  assertMatch(lines[2]!, /^netecho: Cannot connect to /);
});

Deno.test("--delay-lines sends line by line, and the rest when stdin ends", async () => {
  await using server = await Server.start(["--json"]);
  const args = ["client", "127.0.0.1", String(server.port), "--delay-lines", "20ms"];
  const { code, text } = await netecho(args, { input: "one\ntwo\n\nrest" });
  assertEquals([code, text], [0, "one\ntwo\n\nrest"]);
  await server.line(/"closed"/);
  const data = server.events.filter(({ event }) => event === "data");
  assertEquals(data.map(({ text }) => text), ["one\n", "two\n", "\n", "rest"]);
});

Deno.test(onLinux("--keepalive is asked of the system"), async () => {
  using listener = listen();
  const { port } = listener.addr;
  const args = netechoCommand(["client", "127.0.0.1", String(port), "--keepalive"]);
  await using client = new Running(args, { stdin: "piped" });
  const stdin = client.stdin.getWriter();
  const conn = await listener.accept();
  await stdin.write(new Uint8Array(1));
  await conn.read(new Uint8Array(1));
  const { port: from } = conn.remoteAddr;
  // /proc/net/tcp: timer_active is 1 where a segment is not acknowledged, then 2 for keepalive.
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
  const ends = new RegExp(`:${hex(from)} \\w+:${hex(port)} (?:\\S+ ){2}(\\d\\d):`);
  let timer: string | undefined;
  while (timer === undefined || timer === "01") {
    timer = ends.exec(await Deno.readTextFile("/proc/net/tcp"))?.[1];
  }
  assertEquals(timer, "02");
  conn.close();
  await stdin.abort();
});

Deno.test("-4 and -6 use one family alone", async () => {
  await using server = await Server.start(["-q"], "127.0.0.1:0");
  const at = `localhost:${server.port}`;
  const four = await netecho(["client", at, "-4v"], { input: "x" });
  assertEquals([four.code, four.text], [0, "x"]);
  assertStringIncludes(four.stderr, `connected to tcp://127.0.0.1:${server.port}`);
  const six = await netecho(["client", at, "-6"], { input: "x" });
  assertEquals(six.code, 1);
  assert(!six.stderr.includes("127.0.0.1"), six.stderr);
  const neither = await netecho(["client", `udp://127.0.0.1:${server.port}`, "-6"], { input: "x" });
  assertEquals(neither.code, 1);
  assertStringIncludes(neither.stderr, "it has no IPv6 address");
});

const LINK = [
  "ip link add v0 type veth peer name v1",
  "for each in lo v0 v1; do ip link set $each up; done",
];

Deno.test({
  ...needingNamespace("link-local addresses keep their zone, over TCP and UDP"),
  async fn() {
    const at = "[fe80::1%v0]";
    const server = netechoShell(["server", `udp://${at}:7001`, `${at}:7002`]);
    const say = (...args: string[]) => `echo hi | ${netechoShell(["client", "-v", ...args])} 2>&1`;
    const { text, stderr } = await inNamespace([
      ...LINK,
      "ip addr add fe80::1/64 dev v0 nodad",
      inBackground(server),
      'read -r one <&"${S[0]}"; read -r two <&"${S[0]}"; echo "$one; $two"',
      say(`udp://${at}:7001`, "--source", at),
      say(`${at}:7002`),
      say(`${at}:7002`, "--source", at),
      'read -r opened <&"${S[0]}"; echo "$opened"; kill $S_PID',
    ]);
    const lines = text.split("\n");
    assertEquals(lines[0], `listening udp://${at}:7001; listening tcp://${at}:7002`, stderr);
    assertEquals(lines.filter((line) => line === "hi").length, 2, text);
    assertMatch(text, /connected to udp:\/\/\[fe80::1%v0\]:7001 from udp:\/\/\[fe80::1%v0\]:\d+ /);
    assertMatch(text, /connected to tcp:\/\/\[fe80::1%v0\]:7002 from tcp:\/\/\[fe80::1%v0\]:\d+ /);
    assertMatch(text, /Cannot connect .*an address with a zone/);
    assertMatch(text, /opened udp:\/\/\[fe80::1%v0\]:\d+/);
  },
});

Deno.test({
  ...needingNamespace("what answers a broadcast is told by its own address"),
  async fn() {
    const server = netechoShell(["server", "udp://0.0.0.0:7001", "-q"]);
    const ping = ["--ping", "-c", "2", "-i", "10ms", "--timeout", "300ms"];
    const { text, stderr } = await inNamespace([
      ...LINK,
      "ip addr add 10.9.9.1/24 brd + dev v0",
      inBackground(server),
      'read -r listening <&"${S[0]}"',
      `${netechoShell(["client", "udp://10.9.9.255:7001", ...ping])}; kill $S_PID`,
    ]);
    assertMatch(text, /^2 answers from 10\.9\.9\.1:7001, which was not asked$/m, stderr);
  },
});
