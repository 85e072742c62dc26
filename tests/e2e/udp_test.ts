/** UDP from both ends: sizes, remotes, and what it must not be used for. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { greet, netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { needing, onLinux, withIPv6, withSignals, withSystemCalls } from "../support/skips.ts";
import { randomBytes } from "../support/bytes.ts";
import { unusedPort } from "../support/system.ts";

type Datagrams = Deno.DatagramConn;

function bindUdp(hostname = "127.0.0.1", port = 0): Datagrams {
  return Deno.listenDatagram({ transport: "udp", hostname, port });
}

function serve(args: readonly string[] = [], address = "udp://127.0.0.1:0"): Promise<Server> {
  return Server.start(["--json", ...args], address);
}

/** Sends a datagram, and returns the next that comes. */
async function ask(socket: Datagrams, datagram: Uint8Array, to: Deno.NetAddr): Promise<Uint8Array> {
  await socket.send(datagram, to);
  const [answer] = await socket.receive(new Uint8Array(65_536));
  return answer;
}

function at(port: number, hostname = "127.0.0.1"): Deno.NetAddr {
  return { transport: "udp", hostname, port };
}

Deno.test("every size from 0 to the largest comes back as one datagram", async () => {
  await using server = await serve(["--show", "none"]);
  using socket = closing(bindUdp());
  for (const size of [0, 1, 2, 511, 512, 513, 1471, 1472, 1473, 8192, 9000, 65_506, 65_507]) {
    const datagram = randomBytes(size, size + 1);
    assertEquals(await ask(socket.conn, datagram, at(server.port)), datagram);
  }
});

Deno.test({
  ...withIPv6("the largest datagram over IPv6 is 20 bytes larger"),
  async fn() {
    await using server = await serve(["--show", "none"], "udp://[::1]:0");
    using socket = closing(bindUdp("::1"));
    const datagram = randomBytes(65_527);
    assertEquals(await ask(socket.conn, datagram, at(server.port, "::1")), datagram);
  },
});

Deno.test("one connection for each remote, with its own bytes, until it is silent", async () => {
  await using server = await serve(["--idle-timeout", "200ms"]);
  using one = closing(bindUdp());
  using other = closing(bindUdp());
  const [a, b] = [new Uint8Array([1]), new Uint8Array([2, 2])];
  const echoes = await Promise.all([
    ask(one.conn, a, at(server.port)),
    ask(other.conn, b, at(server.port)),
  ]);
  assertEquals(echoes, [a, b]);
  assertEquals(await ask(one.conn, b, at(server.port)), b);
  await server.line({ test: () => server.events.filter(isClosed).length === 2 });
  const closed = server.events.filter(isClosed);
  assertEquals(closed.map(({ reason }) => reason), ["idle", "idle"]);
  assertEquals(closed.map(({ received, sent }) => [received, sent]).toSorted(), [[2, 2], [3, 3]]);
});

const isClosed = ({ event }: Record<string, unknown>) => event === "closed";

Deno.test({
  ...withSignals("stopping answers what has come, and says so"),
  async fn() {
    const server = await serve();
    using socket = closing(bindUdp());
    await ask(socket.conn, new Uint8Array(10), at(server.port));
    assertEquals((await server.stop()).code, 0);
    assertEquals(server.events.find(isClosed)?.reason, "stopped");
  },
});

Deno.test("five thousand remotes are served: more than are kept, and the silent ones make room", async () => {
  await using server = await serve(["--show", "none"]);
  // A few at a time: what the kernel cannot hold for a socket, it drops.
  for (let round = 0; round < 100; round++) {
    const sockets = Array.from({ length: 50 }, () => bindUdp());
    const datagram = randomBytes(100, round + 1);
    const echoes = await Promise.all(sockets.map((each) => ask(each, datagram, at(server.port))));
    assert(echoes.every((echo) => echo.length === 100 && echo[99] === datagram[99]));
    for (const socket of sockets) socket.close();
  }
  await server.line(/made room: 4096 remotes are open/);
  using socket = closing(bindUdp());
  assertEquals(await ask(socket.conn, new Uint8Array([7]), at(server.port)), new Uint8Array([7]));
});

Deno.test({
  ...(Deno.uid() === 0
    ? onLinux("no answer to a service's own port")
    : { name: "no answer to a service's own port (skipped: these ports need root)", ignore: true }),
  async fn() {
    await using server = await serve();
    for (const port of [7, 9, 13, 17, 19, 37]) {
      using socket = closing(bindUdp("127.0.0.1", port));
      await socket.conn.send(new Uint8Array([port]), at(server.port));
      await server.line({ test: (line) => line.includes(`from port ${port}, a service's own`) });
    }
    using socket = closing(bindUdp());
    assertEquals(await ask(socket.conn, new Uint8Array([1]), at(server.port)), new Uint8Array([1]));
    await server.line(/"event":"opened"/);
    const opened = server.events.filter(({ event }) => event === "opened");
    assertEquals(opened.length, 1);
  },
});

Deno.test("two echo servers cannot be set on each other: no answer to a port of the server", async () => {
  await using server = await serve(["udp://127.0.0.1:0"]);
  await server.line({ test: () => server.events.length === 2 });
  for (const port of server.events.map(({ port }) => port as number)) {
    using other = closing(bindUdp("127.0.0.2", port));
    await other.conn.send(new Uint8Array(100), at(server.port));
    await server.line({ test: (line) => line.includes(`from port ${port}, a service's own`) });
  }
});

Deno.test("no answer is longer than its question, whatever was asked before", async () => {
  await using server = await serve(["--service", "reply", "--reply", "0123456789"]);
  using socket = closing(bindUdp());
  await socket.conn.send(new Uint8Array(9), at(server.port));
  await server.line(
    /the answer of 10 bytes is withheld: over UDP none is longer than its question/,
  );
  const answer = await ask(socket.conn, new Uint8Array(10), at(server.port));
  assertEquals(new TextDecoder().decode(answer), "0123456789");
});

for (
  const [program, command] of [
    ["nc", "nc -u 127.0.0.1 $PORT"],
    ["ncat", "ncat -u 127.0.0.1 $PORT"],
    ["socat", "socat - UDP:127.0.0.1:$PORT"],
  ] as const
) {
  Deno.test({
    ...needing([program], `${program} gets its echo over UDP`),
    async fn() {
      await using server = await serve();
      assertEquals(await greet(command, { PORT: String(server.port) }), "hello\n");
    },
  });
}

Deno.test("the client verifies an echo over UDP, and does not wait for more", async () => {
  await using server = await serve(["--show", "none"]);
  const args = ["client", `udp://127.0.0.1:${server.port}`, "--verify", "--linger", "60s"];
  const { code, stderr } = await netecho(args, { input: randomBytes(65_507) });
  assertEquals([code, stderr], [0, "verified: 65,507 bytes came back as sent\n"]);
});

Deno.test("the client sends a datagram a line with --delay-lines, else a chunk", async () => {
  await using server = await serve();
  const address = `udp://127.0.0.1:${server.port}`;
  const options = { input: "a\nbc\n" };
  await netecho(["client", address, "--linger", "1ms"], options);
  await netecho(["client", address, "--linger", "1ms", "--delay-lines", "1ms"], options);
  await server.line({ test: () => server.lines.join().includes('"text":"bc') });
  const data = server.events.filter(({ event }) => event === "data");
  assertEquals(data.map(({ text }) => text), ["a\nbc\n", "a\n", "bc\n"]);
});

Deno.test({
  ...withSystemCalls("the client says when a port is unreachable, before or after an answer"),
  async fn() {
    const address = `udp://127.0.0.1:${unusedPort()}`;
    const nobody = await netecho(["client", address], { input: "hello\n" });
    assertEquals([nobody.code, nobody.text], [1, ""]);
    assertEquals(nobody.stderr, `netecho: Nobody listens on ${address}: port unreachable\n`);

    const server = await serve();
    const args = ["client", `udp://127.0.0.1:${server.port}`];
    await using client = new Running(netechoCommand(args), { stdin: "piped" });
    const stdin = client.stdin.getWriter();
    await stdin.write(new TextEncoder().encode("one\n"));
    await client.line(/one/);
    await server.stop();
    await stdin.write(new TextEncoder().encode("two\n"));
    const { code, stderr } = await client.end();
    await stdin.abort();
    assertEquals(code, 1);
    assertMatch(stderr, /^netecho: Nobody listens on udp:\S+: port unreachable\n$/);
  },
});

Deno.test("the client says when no answer came", async () => {
  await using server = await serve(["--service", "discard"]);
  const address = `udp://127.0.0.1:${server.port}`;
  const { code, stderr } = await netecho(["client", address, "--linger", "50ms"], { input: "x" });
  assertEquals([code, stderr], [0, `no answer from ${address}\n`]);
});

for (
  const host of [
    "[0:0:0:0:0:0:0:1]",
    "[::1]",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "127.0.0.01",
  ]
) {
  Deno.test({
    ...withIPv6(`the client knows its peer's answer, however its address is spelled: ${host}`),
    async fn() {
      await using server = await serve([], "udp://[::]:0");
      const args = ["client", `udp://${host}:${server.port}`, "--linger", "60s", "--verify"];
      const { code, stderr } = await netecho(args, { input: "hello" });
      assertEquals([code, stderr], [0, "verified: 5 bytes came back as sent\n"]);
    },
  });
}

Deno.test("--once serves one remote until it is silent, and no other", async () => {
  await using server = await serve(["--once", "--idle-timeout", "300ms"]);
  using one = closing(bindUdp());
  using other = closing(bindUdp());
  for (const byte of [1, 2, 3]) {
    const datagram = new Uint8Array([byte]);
    assertEquals(await ask(one.conn, datagram, at(server.port)), datagram);
  }
  await other.conn.send(new Uint8Array(1), at(server.port));
  await server.line(/"event":"refused".*"limit"/);
  assertEquals((await server.end()).code, 0);
  assertEquals(server.events.find(isClosed)?.received, 3);
});

Deno.test("the client takes nothing from anybody else", async () => {
  using peer = closing(bindUdp());
  using stranger = closing(bindUdp());
  const { port } = peer.conn.addr as Deno.NetAddr;
  const args = netechoCommand(["client", `udp://127.0.0.1:${port}`]);
  await using client = new Running(args, { stdin: "piped" });
  const stdin = client.stdin.getWriter();
  await stdin.write(new TextEncoder().encode("hello\n"));
  const [, from] = await peer.conn.receive();
  await stranger.conn.send(new TextEncoder().encode("spoof\n"), from);
  await peer.conn.send(new TextEncoder().encode("answer\n"), from);
  await client.line(/answer/);
  assertEquals(client.lines, ["answer"]);
  await stdin.close();
  assertEquals((await client.end()).code, 0);
});

function closing(conn: Datagrams): { conn: Datagrams } & Disposable {
  return { conn, [Symbol.dispose]: () => conn.close() };
}

/** A server that answers from another port than the one that is asked. */
function startElsewhere() {
  const listen = () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const [asked, other] = [listen(), listen()];
  const serving = (async () => {
    for await (const [datagram, from] of asked) await other.send(datagram, from);
  })();
  const port = (conn: Deno.DatagramConn) => (conn.addr as Deno.NetAddr).port;
  return {
    at: `udp://127.0.0.1:${port(asked)}`,
    elsewhere: `127.0.0.1:${port(other)}`,
    async [Symbol.asyncDispose]() {
      asked.close();
      await serving;
      other.close();
    },
  };
}

Deno.test("answers from an address that was not asked are counted and named", async () => {
  await using server = startElsewhere();
  const { at, elsewhere } = server;
  const asked = (count: string) => `${count} from ${elsewhere}, which was not asked`;
  const few = ["--count", "3", "--interval", "10ms", "--timeout", "200ms"];
  const ping = await netecho(["client", at, "--ping", ...few]);
  assertEquals(ping.code, 1);
  assertStringIncludes(ping.text, asked("3 answers"));
  const json = await netecho(["client", at, "--ping", "--json", ...few]);
  const summary = JSON.parse(json.text.trim().split("\n").at(-1)!);
  assertEquals([summary.lost, summary.strays], [3, [{ from: elsewhere, count: 3 }]]);
  const pipe = await netecho(["client", at, "--linger", "200ms"], { input: "hi" });
  assertEquals(pipe.stderr, `no answer from ${at}; ${asked("1 answer")}\n`);
  const wait = ["--wait", "300ms", "--expect", "echo", "--timeout", "100ms"];
  assertStringIncludes((await netecho(["client", at, ...wait])).stderr, asked("1 answer"));
});

Deno.test("ping names the address that answers", async () => {
  await using server = await Server.start(["-q"], "127.0.0.1:0");
  const args = ["client", `localhost:${server.port}`, "--ping", "--count", "1"];
  assertStringIncludes((await netecho(args)).text, `bytes from 127.0.0.1:${server.port}: seq=1`);
  const { text } = await netecho([...args, "--json"]);
  assertEquals(JSON.parse(text.split("\n")[1]!).from, `tcp://127.0.0.1:${server.port}`);
});
