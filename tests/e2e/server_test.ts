/** What the server shows, how it is limited, and how it stops. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { toText } from "@std/streams/to-text";
import { echoThrough, readAll, readExactly, writeAll } from "../support/connections.ts";
import { netecho, netechoCommand, Running, runProgram, Server } from "../support/programs.ts";
import { onLinux, withIPv6, withSignal, withSignals, withSystemCalls } from "../support/skips.ts";
import { randomBytes } from "../support/bytes.ts";

const encode = (text: string) => new TextEncoder().encode(text);

// A line of the log without its time of day.
const untimed = (line: string) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, "");

async function say(server: Server, text: string): Promise<void> {
  assertEquals(await echoThrough(await server.connect(), encode(text)), encode(text));
}

async function linesAfter(args: string[], text: string): Promise<string[]> {
  await using server = await Server.start(args);
  await say(server, text);
  if (!args.includes("-q")) await server.line(/closed/);
  assertEquals(await server.stop(), { code: 0, stderr: "" });
  return server.lines.map(untimed);
}

Deno.test({
  ...withSignals("the text log tells of each connection and each chunk, and sums up"),
  async fn() {
    const [listening, opened, data, closed, summary, ...more] = await linesAfter([], "hello\n");
    assertMatch(listening!, /^listening tcp:\/\/127\.0\.0\.1:\d+$/);
    assertMatch(opened!, /^#1 opened tcp:\/\/127\.0\.0\.1:\d+$/);
    assertEquals(data, "#1 < 6 bytes: hello\\n");
    assertMatch(
      closed!,
      /^#1 closed tcp:.*: 6 bytes in, 6 bytes out, [\d.]+ m?s, closed by the peer$/,
    );
    assertMatch(summary!, /^served 1 connection: 6 bytes in, 6 bytes out, [\d.]+ m?s$/);
    assertEquals(more, []);
  },
});

Deno.test({
  ...withSignals("--show hex dumps both directions with their offsets"),
  async fn() {
    const lines = await linesAfter(["--show", "hex"], "0123456789abcdef\x1b[");
    const dump = lines.filter((line) => /[<>]/.test(line));
    const rows = [
      "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|",
      "00000010  1b 5b                                             |.[|",
    ];
    assertEquals(dump, [...rows.map((row) => `#1 < ${row}`), ...rows.map((row) => `#1 > ${row}`)]);
  },
});

Deno.test({
  ...withSignals("--show size and --show none show as much as they say"),
  async fn() {
    const sizes = await linesAfter(["--show=size"], "hello\n");
    assertEquals(sizes.filter((line) => line.includes("<")), ["#1 < 6 bytes"]);
    const none = await linesAfter(["--show", "none"], "hello\n");
    assertEquals(none.map((line) => line.split(" ")[1]), [
      none[0]!.split(" ")[1],
      "opened",
      "closed",
      "1",
    ]);
  },
});

Deno.test({
  ...withSignals("-q shows the listening line alone"),
  async fn() {
    const lines = await linesAfter(["-q"], "hello\n");
    assertEquals(lines.length, 1);
    assertMatch(lines[0]!, /^listening /);
  },
});

Deno.test({
  ...withSignals("--json prints one event a line, the payload included"),
  async fn() {
    await using server = await Server.start(["--json"]);
    await say(server, 'hé "\x1b\x9b\n');
    await server.line(/"closed"/);
    assertEquals((await server.stop()).code, 0);
    assertNotMatch(server.lines.join("\n"), /[\x1b\x9b]/);
    const [listening, opened, data, closed, summary] = server.events;
    assertEquals(listening!.event, "listening");
    assertEquals(listening!.address, `tcp://127.0.0.1:${server.port}`);
    assertEquals([opened!.event, opened!.connection], ["opened", 1]);
    const { event, direction, offset, bytes, text } = data!;
    assertEquals({ event, direction, offset, bytes, text }, {
      event: "data",
      direction: "in",
      offset: 0,
      bytes: 9,
      text: 'hé "\x1b\x9b\n',
    });
    assertEquals([closed!.event, closed!.reason, closed!.received, closed!.sent], [
      "closed",
      "eof",
      9,
      9,
    ]);
    assertEquals([summary!.event, summary!.connections], ["summary", 1]);
    assert(server.events.every(({ time }) => !isNaN(Date.parse(String(time)))));
  },
});

Deno.test({
  ...withSignals("an escape sequence in the payload never reaches the output raw"),
  async fn() {
    const attack = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\x7f\r";
    for (const args of [[], ["--show", "hex"], ["--json"], ["--color", "always"]]) {
      await using server = await Server.start(args);
      await say(server, attack);
      await server.line(/closed/);
      await server.stop();
      const output = server.lines.join("\n");
      const colours = args.includes("always") ? /\x1b\[\d+m/g : /(?!)/g;
      assertNotMatch(output.replaceAll(colours, ""), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  },
});

Deno.test("--stats prints a line of rates", async () => {
  await using server = await Server.start(["--stats", "10ms", "-q"]);
  const line = await server.line(/open/);
  assertMatch(untimed(line), /^0 open, 0 connections\/s, 0 chunks\/s, 0 B\/s in, 0 B\/s out$/);
});

Deno.test("--max-connections closes further connections at once and says so", async () => {
  await using server = await Server.start(["--max-connections", "1"]);
  const first = await server.connect();
  await server.line(/opened/);
  const second = await server.connect();
  assertEquals(await readAll(second), new Uint8Array());
  await server.line(/refused tcp:.*: 1 connection open already/);
  assertEquals(await echoThrough(first, encode("still here")), encode("still here"));
  await server.line(/closed/);
  await say(server, "room again");
  second.close();
});

Deno.test("--idle-timeout closes a silent connection", async () => {
  await using server = await Server.start(["--idle-timeout", "300ms"]);
  const silent = await server.connect();
  assertEquals(await readAll(silent), new Uint8Array());
  assertMatch(await server.line(/closed/), /idle for 300 ms$/);
  silent.close();
});

Deno.test("--once serves one connection that moves a byte, refuses the next, and exits", async () => {
  await using server = await Server.start(["--once"]);
  (await server.connect()).close(); // a health check
  await server.line(/closed/);
  const silent = await server.connect();
  const only = await server.connect();
  await writeAll(only, encode("on"));
  assertEquals(await readExactly(only, 2), encode("on"));
  assertEquals(await readAll(silent), new Uint8Array());
  silent.close();
  const late = await server.connect().then((conn) => readAll(conn).finally(() => conn.close()))
    .then(String, ({ name }) => name);
  assertMatch(late, /^$|^Connection(Refused|Reset)$/);
  assertEquals(await echoThrough(only, encode("ce")), encode("ce"));
  assertEquals(await server.end(), { code: 0, stderr: "" });
});

Deno.test({
  ...withIPv6("several addresses, both families, each with its own port"),
  async fn() {
    await using server = new Running(
      netechoCommand(["server", "127.0.0.1:0", "127.0.0.1:0", "[::1]:0"]),
    );
    const [, six] = [await server.line(/listening/), await server.line(/\[::1\]/)];
    const ports = server.lines.map((line) => Number(/:(\d+)$/.exec(line)![1]));
    assertEquals(new Set(ports).size, 3);
    assertMatch(six!, /^listening tcp:\/\/\[::1\]:\d+$/);
    const bytes = randomBytes(1000);
    const conn = await Deno.connect({ hostname: "::1", port: ports[2]! });
    assertEquals(await echoThrough(conn, bytes), bytes);
  },
});

Deno.test({
  ...withIPv6("an address without a host serves IPv4 and IPv6 on one port"),
  async fn() {
    await using server = await Server.start([], ":0");
    for (const hostname of ["127.0.0.1", "::1"]) {
      const conn = await Deno.connect({ hostname, port: server.port });
      assertEquals(await echoThrough(conn, encode("hi")), encode("hi"));
    }
    await server.line(/#2 closed/);
    // The IPv4 peer is shown as what it is, not as ::ffff:127.0.0.1.
    assertMatch(server.lines[1]!, /opened tcp:\/\/127\.0\.0\.1:\d+$/);
    assertMatch(server.lines.find((line) => /#2 opened/.test(line))!, /tcp:\/\/\[::1\]:\d+$/);
  },
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test({
    ...withSignal(signal, `${signal} stops accepting, lets connections end, and exits with 0`),
    async fn() {
      await using server = await Server.start(["--grace", "60s"]);
      const conn = await server.connect();
      await writeAll(conn, encode("a"));
      await readExactly(conn, 1);
      server.kill(signal);
      await server.line(/stopping: waiting up to 1 min for 1 connection/);
      const late = await server.connect().then((conn) => conn.close(), (error) => error);
      assert(late instanceof Deno.errors.ConnectionRefused, String(late));
      assertEquals(await echoThrough(conn, encode("rest")), encode("rest"));
      assertEquals(await server.end(), { code: 0, stderr: "" });
      assertMatch(server.lines.at(-1)!, /served 1 connection: 5 bytes in, 5 bytes out/);
    },
  });
}

Deno.test({
  ...withSignals("after --grace what is left is closed, and the exit code is 0"),
  async fn() {
    await using server = await Server.start(["--grace", "20ms"]);
    const conn = await server.connect();
    await server.line(/opened/);
    assertEquals(await server.stop(), { code: 0, stderr: "" });
    assertMatch(server.lines.join("\n"), /#1 closed .*, server stopped\n.*served 1 connection/);
    assertEquals(await readAll(conn), new Uint8Array());
    conn.close();
  },
});

Deno.test({
  ...withSignals("a second signal does not wait for the grace to end"),
  async fn() {
    await using server = await Server.start(["--grace", "10h"]);
    const conn = await server.connect();
    await server.line(/opened/);
    server.kill("SIGINT");
    await server.line(/stopping/);
    assertEquals(await server.stop("SIGINT"), { code: 0, stderr: "" });
    assertMatch(server.lines.join("\n"), /#1 closed .*, server stopped\n.*served 1 connection/);
    conn.close();
  },
});

// A server whose stdout the test reads as it likes.
function spawnUnread(args: readonly string[]) {
  const [command, all] = netechoCommand(["server", "127.0.0.1:0", ...args]);
  const server = new Deno.Command(command, {
    args: all,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return { server, reader };
}

Deno.test({
  ...withSignals("stdout that nobody reads stalls no echo; what was not shown is counted"),
  async fn() {
    const { server, reader } = spawnUnread([]);
    let output = (await reader.read()).value!;
    const port = Number(/:(\d+)$/m.exec(output)![1]);
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const message = encode("a message of a few dozen bytes, which is shown in full\n");
    for (let round = 0; round < 40_000; round++) {
      await writeAll(conn, message);
      await readExactly(conn, message.length);
    }
    conn.close();
    while (!/#1 closed/.test(output)) output += (await reader.read()).value!;
    const shown = output.match(/ < 55 bytes/g)!.length;
    const missed = Number(/… ([\d,]+) chunks not shown/.exec(output)![1]!.replaceAll(",", ""));
    assertEquals(shown + missed, 40_000);
    server.kill();
    while (!(await reader.read()).done);
    assertEquals([(await server.status).code, await toText(server.stderr)], [0, ""]);
  },
});

Deno.test({
  ...withSignals("a server whose stdout is stuck stops all the same"),
  async fn() {
    const { server, reader } = spawnUnread(["--show", "hex"]);
    const port = Number(/:(\d+)$/m.exec((await reader.read()).value!)![1]);
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const bytes = randomBytes(4_000_000);
    assertEquals(await echoThrough(conn, bytes), bytes);
    server.kill();
    assertEquals([(await server.status).code, await toText(server.stderr)], [
      0,
      "netecho: The last output was not read, and is cut short\n",
    ]);
    await reader.cancel();
  },
});

Deno.test({
  ...withSignals("stdout that is closed is said once, and the server serves on"),
  async fn() {
    const { server, reader } = spawnUnread([]);
    const port = Number(/:(\d+)$/m.exec((await reader.read()).value!)![1]);
    await reader.cancel();
    for (const text of ["one", "two", "three"]) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      assertEquals(await echoThrough(conn, encode(text)), encode(text));
    }
    server.kill();
    assertEquals([(await server.status).code, await toText(server.stderr)], [
      0,
      "netecho: Cannot write to stdout: the other end is gone (broken pipe); serving on without output\n",
    ]);
  },
});

Deno.test("a port in use is one line and exit code 1", async () => {
  await using server = await Server.start(["-q"]);
  const { code, text, stderr } = await netecho(["server", `127.0.0.1:${server.port}`]);
  assertEquals([code, text], [1, ""]);
  assertMatch(
    stderr,
    /^netecho: Cannot listen on tcp:\/\/127\.0\.0\.1:\d+: the address is already in use; .*\n$/,
  );
});

Deno.test("an address of another machine is one line and exit code 1", async () => {
  const { code, stderr } = await netecho(["server", "192.0.2.99:0"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "netecho: Cannot listen on tcp://192.0.2.99:0: this machine does");
});

// As root, without the capability; as anybody else, as they are.
const dropping = Deno.uid() === 0 ? ["setpriv", "--bounding-set", "-net_bind_service"] : ["env"];
const bindable = Deno.build.os === "linux" &&
  Number(Deno.readTextFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start")) <= 1;

Deno.test({
  ...(bindable
    ? { name: "a privileged port (skipped: no port needs root here)", ignore: true }
    : onLinux("a port that needs root is one line and exit code 1", [dropping[0]!])),
  async fn() {
    const [command, args] = netechoCommand(["server", "127.0.0.1:1"]);
    const [drop, ...rest] = [...dropping, command, ...args];
    const { code, stderr } = await runProgram([drop!, rest]);
    assertEquals([code, stderr], [
      1,
      "netecho: Cannot listen on tcp://127.0.0.1:1: permission denied (ports below 1024 need " +
      "root); try a port above 1023\n",
    ]);
  },
});

Deno.test({
  ...withSystemCalls(
    "a closed event tells round-trip time and retransmits as the system has them",
    ["ip"],
  ),
  async fn() {
    await using server = await Server.start(["--json"]);
    assertEquals(await echoThrough(await server.connect(), encode("hello")), encode("hello"));
    const { tcp } = JSON.parse(await server.line(/"closed"/));
    assert(tcp.rttMs > 0 && tcp.rttVarianceMs > 0 && tcp.congestionWindow > 0, JSON.stringify(tcp));
    const { text } = await runProgram(["ip", ["-o", "link", "show", "lo"]]);
    const mtu = Math.min(Number(/mtu (\d+)/.exec(text)![1]), 65_535); // what IP can have at most
    assertEquals([tcp.retransmits, tcp.pathMtu], [0, mtu]);
  },
});
