/** Throughput: Debian's iperf3 against netecho's service, netecho's client against both. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readAll, readExactly, writeAll } from "../support/connections.ts";
import { Authority } from "../support/pki.ts";
import {
  type Finished,
  MAY_USE_FFI,
  netecho,
  netechoCommand,
  Running,
  runProgram,
  Server,
} from "../support/programs.ts";
import { needing, onLinux, withIPv6, withSignals } from "../support/skips.ts";
import { unusedPort, withFolder } from "../support/system.ts";

interface Sum {
  readonly bytes: number;
  readonly bits_per_second: number;
  readonly lost_packets?: number;
  readonly packets?: number;
}

/** What `iperf3 --json` prints, as far as it is looked at. */
interface IperfResult {
  readonly error?: string;
  readonly end: Readonly<Record<string, Sum>>;
}

/** A direction of a result of netecho. */
interface Direction {
  readonly direction: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly receivedBitsPerSecond: number;
  readonly retransmits?: number;
  readonly datagrams?: {
    readonly packets: number;
    readonly lost: number;
    readonly jitterMs: number;
  };
  readonly corruptBytes?: number;
}

interface Result {
  readonly schema: string;
  readonly error?: string;
  readonly directions: readonly Direction[];
  readonly streams: readonly (Direction & { readonly id: number })[];
  readonly intervals: readonly { readonly bytes: number; readonly omitted: boolean }[];
  readonly elapsedMs: number;
  readonly interrupted?: true;
  readonly underLoad?: Record<"idle" | "loaded", { readonly count: number }>;
}

const service = () => Server.start(["--json"], "127.0.0.1:0=iperf3");

async function iperf3(port: number, ...args: readonly string[]): Promise<IperfResult> {
  const target = ["-c", "127.0.0.1", "-p", `${port}`, "--json"];
  const { text, stderr } = await runProgram(["iperf3", [...target, ...args]]);
  assertEquals(stderr, "");
  return JSON.parse(text);
}

/** A server of iperf3, on a port that is free. */
async function iperf3Server(): Promise<Running & { port: number }> {
  const port = unusedPort();
  const server = new Running(["iperf3", ["-s", "-p", `${port}`, "--forceflush"]]);
  await server.line(/Server listening/);
  return Object.assign(server, { port });
}

function client(address: string, ...args: readonly string[]): Promise<Finished> {
  return netecho(["client", address, "--throughput", ...args]);
}

async function measure(address: string, ...args: readonly string[]): Promise<Result> {
  const { code, text, stderr } = await client(address, ...args, "--json");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return JSON.parse(text);
}

/** Two tell the same figure. */
function assertSame(one: number, other: number, what: string): void {
  assert(Math.abs(one - other) <= 0.01 * Math.max(one, other), `${what}: ${one}, ${other}`);
}

/** What was sent has come; on a busy machine a sender hears of the end late, and sends on meanwhile. */
function assertCame(sent: number, received: number): void {
  assert(Math.abs(sent - received) <= 0.25 * Math.max(sent, received), `${sent}, ${received}`);
}

// Rates that leave the other tests some of the machine.
const IPERF_RUNS: readonly string[][] = [
  ["-t", "1", "-b", "400M"],
  ["-t", "1", "-b", "400M", "-R"],
  ["-t", "1", "-b", "200M", "--bidir"],
  ["-t", "1", "-b", "100M", "-P", "4"],
  ["-t", "1", "-b", "100M", "-P", "3", "-R"],
  ["-n", "200M"],
  ["-n", "50M", "-R"],
  ["-t", "1", "-O", "1", "-b", "100M"],
  ["-u", "-b", "50M", "-t", "1"],
  ["-u", "-b", "50M", "-t", "1", "-R", "--udp-counters-64bit"],
  ["-u", "-b", "10M", "-t", "1", "--bidir", "-P", "2"],
];

for (const args of IPERF_RUNS) {
  Deno.test({
    ...needing(["iperf3"], `iperf3 ${args.join(" ")} is served, and both ends agree`),
    async fn() {
      await using server = await service();
      const { error, end } = await iperf3(server.port, ...args);
      assertEquals(error, undefined);
      await server.line(/"event":"measured"/);
      const measured = server.events.find(({ event }) => event === "measured")!;
      const { directions } = measured["figures"] as Pick<Result, "directions">;
      const ways = args.includes("--bidir")
        ? ["up", "down"]
        : args.includes("-R")
        ? ["down"]
        : ["up"];
      assertEquals(directions.map(({ direction }) => direction), ways);
      for (const [index, own] of directions.entries()) {
        const suffix = index === 0 ? "" : "_bidir_reverse";
        const [sent, received] = ["sum_sent", "sum_received"].map((name) => end[name + suffix]!);
        assertSame(sent!.bytes, own.sentBytes, "sent");
        assertSame(received!.bytes, own.receivedBytes, "received");
        if (own.datagrams) {
          assertEquals(own.datagrams.lost, received!.lost_packets);
          assertSame(own.datagrams.packets, received!.packets!, "packets");
        } else assertCame(own.sentBytes, own.receivedBytes);
      }
    },
  });
}

Deno.test({
  ...needing(["iperf3"], "three clients of iperf3 at once are all served, over TCP and UDP"),
  async fn() {
    await using server = await service();
    const runs = [["-b", "50M"], ["-u", "-b", "10M"], ["-u", "-b", "10M", "-R", "-P", "2"]];
    const results = await Promise.all(
      runs.map((args) => iperf3(server.port, "-t", "1", ...args)),
    );
    assertEquals(results.map(({ error }) => error), [undefined, undefined, undefined]);
    const bytes = results.map(({ end }) => end["sum_received"]!.bytes * 8);
    for (const [index, wanted] of [50e6, 10e6, 20e6].entries()) {
      assert(bytes[index]! > wanted / 2, `${bytes}`);
    }
  },
});

Deno.test({
  ...needing(["iperf3"], "a client that is killed, or leaves, frees its place"),
  async fn() {
    await using server = await service();
    const target = ["-c", "127.0.0.1", "-p", `${server.port}`, "--forceflush"];
    await using killed = new Running(["iperf3", [...target, "-t", "60", "-b", "1M"]]);
    await killed.line(/0\.00-1\.0/);
    killed.kill("SIGKILL");
    assertMatch(await server.line(/the client left/), /"event":"closed"/);
    await using stopped = new Running(["iperf3", [...target, "-t", "60", "-b", "1M"]]);
    await stopped.line(/0\.00-1\.0/);
    stopped.kill("SIGINT");
    await server.line(/the client has stopped the test/);
    const { error } = await iperf3(server.port, "-n", "1M");
    assertEquals(error, undefined);
  },
});

Deno.test({
  ...needing(["iperf3"], "what is not supported is refused in iperf3's own words"),
  async fn() {
    await using server = await service();
    const { error = "" } = await iperf3(server.port, "--sctp", "-t", "1");
    assertMatch(error, /no SCTP support available/);
    await server.line(/test refused: it does not support SCTP/);
  },
});

const OWN_RUNS: readonly (readonly [string, ...string[]])[] = [
  ["tcp", "--duration", "1s", "--rate", "400Mbit/s"],
  ["tcp", "--duration", "1s", "--rate", "200Mbit/s", "--reverse", "--parallel", "2"],
  ["tcp", "--duration", "1s", "--rate", "100Mbit/s", "--length", "8192", "--bidir", "--omit", "1s"],
  ["tcp", "--bytes", "100MB"],
  ["tcp", "--bytes", "20MB", "--reverse", "--parallel", "2"],
  ["udp", "--duration", "1s", "--rate", "50Mbit/s"],
  ["udp", "--duration", "1s", "--rate", "20Mbit/s", "--reverse", "--parallel", "2"],
  ["udp", "--duration", "1s", "--rate", "10Mbit/s", "--bidir", "--length", "500"],
];

for (const peer of ["netecho", "iperf3"] as const) {
  for (const [transport, ...args] of OWN_RUNS) {
    Deno.test({
      ...needing(
        peer === "iperf3" ? ["iperf3"] : [],
        `--throughput ${args.join(" ")} over ${transport}, with ${peer} as the server`,
      ),
      async fn() {
        await using server = await (peer === "iperf3" ? iperf3Server() : service());
        const address = `${transport}://127.0.0.1:${server.port}`;
        const result = await measure(address, ...args);
        const size = Number(args[args.indexOf("--length") + 1]) || 1460;
        const streams = args.includes("--parallel") ? 2 : 1;
        for (const { sentBytes, receivedBytes, datagrams, retransmits } of result.directions) {
          const lost = (datagrams?.lost ?? 0) * size;
          assertCame(sentBytes, receivedBytes + lost);
          assertEquals(datagrams !== undefined, transport === "udp");
          if (transport === "tcp" && Deno.build.os === "linux" && MAY_USE_FFI) {
            assert(retransmits! >= 0);
          }
        }
        const ways = args.includes("--bidir") ? 2 : 1;
        assertEquals([result.directions.length, result.streams.length], [ways, ways * streams]);
        assertEquals(result.intervals.some(({ omitted }) => omitted), args.includes("--omit"));
      },
    });
  }
}

Deno.test({
  ...needing(["iperf3"], "loss that a fault makes is counted as iperf3's server counts it"),
  async fn() {
    await using theirs = await iperf3Server();
    await using ours = await Server.start(["-q"], "127.0.0.1:0=iperf3");
    const lossOf = async (port: number) => {
      // The control connection and the datagrams pass on one port.
      const listen = `127.0.0.1:${unusedPort()}`;
      const drop = "drop:10%,direction=in,on=datagrams";
      await using proxy = await Server.start(
        [
          `udp://${listen}=forward,to=udp://127.0.0.1:${port},name=datagrams`,
          ...["-q", "--seed", "7", "--fault", drop],
        ],
        `${listen}=forward,to=127.0.0.1:${port}`,
      );
      // So slowly that no buffer overflows where this machine is busy.
      const args = ["-u", "-n", "300K", "-l", "1000", "-b", "2M"];
      const { end, error } = await iperf3(proxy.port, ...args);
      assertEquals(error, undefined);
      return end["sum"]!;
    };
    const [one, other] = [await lossOf(theirs.port), await lossOf(ours.port)];
    assert(one.lost_packets! > 10, JSON.stringify(one));
    assertEquals(other.lost_packets, one.lost_packets);
    assertEquals(other.packets, one.packets);
  },
});

Deno.test("faults of the service strike its datagrams alone, where they are for those", async () => {
  const fault = "drop:10%,direction=in,after=1KiB";
  await using server = await Server.start(["-q", "--fault", fault], "127.0.0.1:0=iperf3");
  const sent = ["--bytes", "1MB", "--length", "1000", "--rate", "5Mbit/s"];
  const over = (transport: string) => measure(`${transport}://127.0.0.1:${server.port}`, ...sent);
  const [udp, tcp] = [(await over("udp")).directions[0]!, (await over("tcp")).directions[0]!];
  assert(udp.datagrams!.lost > 30 && udp.datagrams!.lost < 300, JSON.stringify(udp));
  assertEquals(udp.receivedBytes, (udp.datagrams!.packets - udp.datagrams!.lost) * 1000);
  assertEquals(tcp.receivedBytes, 1_000_000);
});

Deno.test("over TLS and Unix sockets, with the payload checked", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  await withFolder(async (folder) => {
    await using server = new Running(netechoCommand([
      "server",
      ...["tls://127.0.0.1:0=iperf3", "--cert", cert, "--key", key, "-q"],
      ...(Deno.build.os === "windows" ? [] : [`unix:${folder}/socket=iperf3`]),
    ]));
    const port = /:(\d+)$/.exec(await server.line(/^listening tls/))![1];
    const checked = ["--bytes", "20MB", "--bidir", "--verify", "--json"];
    const overTls = await client(
      `tls://127.0.0.1:${port}`,
      "--servername",
      "localhost",
      "--ca",
      authority.ca,
      ...checked,
    );
    assertEquals({ code: overTls.code, stderr: overTls.stderr }, { code: 0, stderr: "" });
    if (Deno.build.os !== "windows") await server.line(/^listening unix/);
    const overUnix = Deno.build.os === "windows"
      ? overTls
      : await client(`unix:${folder}/socket`, ...checked);
    for (const { text } of [overTls, overUnix]) {
      const { directions } = JSON.parse(text) as Result;
      assertEquals(directions.map(({ corruptBytes }) => corruptBytes), [0, 0]);
      assert(directions.every(({ receivedBytes }) => receivedBytes >= 20e6), text);
    }
  });
});

Deno.test("corrupt payload is counted, and fails a test that verifies", async () => {
  const fault = "corrupt:100%,direction=in,after=1KiB,until=3KiB";
  await using server = await Server.start(["--json", "--fault", fault], "127.0.0.1:0=iperf3");
  const checked = ["--bytes", "10MB", "--verify", "--json"];
  const { code, text, stderr } = await client(`127.0.0.1:${server.port}`, ...checked);
  assertEquals(code, 1);
  assertMatch(stderr, /: 2,048 bytes arrived corrupt\n$/);
  const [direction] = (JSON.parse(text) as Result).directions;
  assertEquals(direction!.corruptBytes, 2048);
});

Deno.test({
  ...onLinux("a datagram opens a stream for the host of the test alone"),
  async fn() {
    await using server = await service();
    const to = { transport: "udp" as const, hostname: "127.0.0.1", port: server.port };
    using control = await server.connect();
    const parameters = new TextEncoder().encode(
      JSON.stringify({ udp: true, parallel: 1, len: 1000 }),
    );
    const length = new Uint8Array([0, 0, 0, parameters.length]);
    await writeAll(control, new TextEncoder().encode(`${"c".repeat(36)}\0`));
    assertEquals(await readExactly(control, 1), new Uint8Array([9]));
    await writeAll(control, new Uint8Array([...length, ...parameters]));
    assertEquals(await readExactly(control, 1), new Uint8Array([10]));
    const hello = new TextEncoder().encode("9876");
    const other = Deno.listenDatagram({ ...to, hostname: "127.0.0.2", port: 0 });
    await other.send(hello, to);
    await server.line(/no test waits for/);
    const own = Deno.listenDatagram({ ...to, port: 0 });
    await own.send(hello, to);
    const [answer] = await own.receive();
    assertEquals(new TextDecoder().decode(answer), "6789");
    other.close();
    own.close();
  },
});

Deno.test("whatever else comes to the port is told and closed, and harms no test", async () => {
  await using server = await service();
  const testing = measure(`127.0.0.1:${server.port}`, "--duration", "1s", "--rate", "50Mbit/s");
  const junk: readonly Uint8Array<ArrayBuffer>[] = [
    new Uint8Array(100).fill(255),
    new TextEncoder().encode(`${"j".repeat(36)}\0\0\0\0\x02[]`),
    new TextEncoder().encode(`${"k".repeat(36)}\0\0\0\0\x02{}`),
    new TextEncoder().encode("GET / HTTP/1.1\r\nhost: localhost:5201\r\naccept: */*\r\n\r\n"),
  ];
  for (const bytes of junk) {
    using conn = await server.connect();
    await writeAll(conn, bytes);
    await conn.closeWrite();
    await readAll(conn); // to its end
  }
  await server.line(/test refused: a document of 4294967295 bytes/);
  await server.line(/test refused: no JSON object/);
  await server.line(/the client left before its streams were made/);
  await server.line(
    /test refused: a document of \d+ bytes.*"received":5[0-9]|"received":5[0-9].*test refused/,
  );
  assertEquals((await testing).error, undefined);
});

/** What the client says of a server that answers a cookie with these bytes, and closes. */
async function saidOf(answer: readonly number[], ...args: string[]): Promise<Finished> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = listener.accept().then(async (conn) => {
    await readExactly(conn, 37);
    await writeAll(conn, new Uint8Array(answer));
    await conn.closeWrite();
    await readAll(conn);
    conn.close();
  });
  const said = await client(`127.0.0.1:${listener.addr.port}`, "--duration", "1s", ...args);
  await answering;
  return said;
}

Deno.test("servers that are none, or refuse, are one clear line", async () => {
  for (
    const [answer, wanted] of [
      [[65], /is no iperf3 server: it answered 65\n$/],
      [[], /closed the connection: is it an iperf3 server\?\n$/],
      [[0xff], /is busy with another test; iperf3 serves one at a time\n$/],
      [[11], /has stopped\n$/],
      [[21], /it answered 21; does it speak TLS\? try tls:\/\/\n$/],
      [[0xfe, 0, 0, 0, 142, 0, 0, 0, 0], /asks for authentication, or refused it\n$/],
      [
        [9, 0xfe, 0, 0, 0, 37, 0, 0, 0, 0],
        /refused the test: the test is longer than it allows\n$/,
      ],
    ] as const
  ) {
    const { code, stderr } = await saidOf(answer);
    assertEquals(code, 1);
    assertMatch(stderr, wanted);
  }
  const { code, text } = await saidOf([0xff], "--json");
  assertEquals(code, 1);
  assertMatch((JSON.parse(text) as Result).error!, /busy/);
});

Deno.test("an option that needs netecho at the other end is refused before the test", async () => {
  for (const option of ["--verify", "--under-load"]) {
    const { code, stderr } = await saidOf([9], option);
    assertEquals(code, 1);
    assertMatch(stderr, new RegExp(`Option ${option} needs a server of netecho's`));
  }
});

Deno.test("a server that goes in the middle of a test leaves what was measured, and no report", async () => {
  await using server = await service();
  await withFolder(async (folder) => {
    const report = `${folder}/result.json`;
    const testing = (...args: string[]) =>
      new Running(netechoCommand([
        ...["client", `127.0.0.1:${server.port}`, "--throughput", "--duration", "1m"],
        ...["--rate", "10Mbit/s", "--report", report, ...args],
      ]));
    await using json = testing("--json");
    await server.line(/"event":"opened".*"connection":2/);
    await using text = testing();
    await text.line(/^ +0\.00 to 1\./); // and so have those of the one that began before
    server.kill("SIGKILL");
    for (const { code, stderr } of [await json.end(), await text.end()]) {
      assertEquals(code, 1);
      assertMatch(stderr, /^netecho: .*(closed the connection before|reset|ended before)/);
    }
    const { error, intervals } = JSON.parse(json.lines.join("\n")) as Result;
    assert(error !== undefined && intervals.length > 0);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("a test whose control connection is silent is not idle while its streams are not", async () => {
  await using server = await Server.start(
    ["--json", "--idle-timeout", "700ms"],
    "127.0.0.1:0=iperf3",
  );
  const result = await measure(
    `127.0.0.1:${server.port}`,
    ...["--duration", "2s", "--rate", "5Mbit/s", "--length", "8192"],
  );
  assertEquals(result.directions.length, 1);
});

Deno.test("a stream that a limit of the server refuses ends the test at once, and is named as the cause", async () => {
  await using server = await Server.start(
    ["--json", "--max-connections-per-host", "3"],
    "127.0.0.1:0=iperf3",
  );
  for (const address of [`127.0.0.1:${server.port}`, `udp://127.0.0.1:${server.port}`]) {
    const { code, stderr } = await client(address, "--parallel", "4", "--duration", "1s");
    assertEquals(code, 1);
    assertMatch(stderr, /refused the test: a limit of its connections|ended the test: .*limit/);
  }
});

Deno.test("usage: what makes no sense is one line, exit code 2", async () => {
  for (
    const [args, wanted] of [
      [["--rate", "20k/s"], /bits a second, as in 50Mbit\/s/],
      [["--reverse", "--bidir"], /exclude each other/],
      [["--bytes", "0"], /a size above 0/],
      [["--bytes", "1MB", "--duration", "1s"], /exclude each other/],
      [["--omit", "1500ms"], /whole seconds are needed/],
      [["--rate", "fast"], /500\/s, 20k\/s or 50Mbit\/s is needed/],
      [["--length", "2MB"], /from 1 byte to 1MiB/],
      [["--parallel", "129"], /128/],
      [["--show", "hex"], /exclude each other/],
      [["--connections", "5"], /does not apply with --throughput/],
    ] as const
  ) {
    const { code, stderr } = await client("127.0.0.1:1", ...args);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, wanted);
  }
  const { code, stderr } = await client("udp://127.0.0.1:1", "--length", "8");
  assertEquals([code, /a datagram has 16 to/.test(stderr)], [2, true]);
});

Deno.test("without a port it is 5201", async () => {
  const { code, stderr } = await client("127.66.77.88", "--connect-timeout", "5s");
  assertEquals(code, 1);
  assertMatch(stderr, /tcp:\/\/127\.66\.77\.88:5201/);
});

Deno.test("the text has a line for each interval; reports are written; the round trip under load", async () => {
  await using server = await service();
  await withFolder(async (folder) => {
    const files = ["json", "html", "txt"].map((extension) => `${folder}/result.${extension}`);
    const { code, text, stderr } = await client(
      `127.0.0.1:${server.port}`,
      ...["--duration", "1s", "--rate", "50Mbit/s", "--bidir", "--under-load"],
      ...files.flatMap((file) => ["--report", file]),
    );
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const lines = text.split("\n");
    assertMatch(
      lines[0]!,
      /^Throughput of tcp:\/\/127\.0\.0\.1:\d+: up and down, 1 stream each way, for 1 s$/,
    );
    assertMatch(lines[1]!, /^ +0\.00 to 1\.\d\d s {2}up +\d+(\.\d+)? Mbit\/s +\d.*MiB/);
    assertMatch(text, /^up +\d.* Mbit\/s, \d.* sent, \d.* received/m);
    assertMatch(text, /^idle +round trip p50 .*\nunder load +round trip p50 /m);
    const [json, html, plain] = await Promise.all(files.map((file) => Deno.readTextFile(file)));
    const { schema, underLoad, intervals } = JSON.parse(json!) as Result;
    assertEquals(schema, "netecho-throughput/1");
    assert(underLoad!.idle.count > 10 && underLoad!.loaded.count > 10, json);
    assert(intervals.length >= 2, json);
    assertEquals(plain, text);
    assertMatch(html!, /<title>netecho: throughput of tcp:\/\/127/);
  });
});

Deno.test({
  ...withIPv6("streams go to the host of the control connection, where a name has two"),
  async fn() {
    for (const transport of ["tcp", "udp"]) {
      await using server = await Server.start(["--json"], ":0=iperf3");
      const address = `${transport}://localhost:${server.port}`;
      const { directions: [up] } = await measure(address, "--bytes", "10KB");
      assert(up!.receivedBytes >= 10_000, JSON.stringify(up));
      await server.stop();
      // Where the first address takes long, a connection to the other one may open, and say nothing.
      const used = server.events.filter(({ event, received }) =>
        event === "closed" && Number(received) > 0
      );
      const hosts = used.map(({ remote }) => String(remote).replace(/^\w+:\/\/|:\d+$/g, ""));
      assertEquals([hosts.length, new Set(hosts).size], [2, 1]);
    }
  },
});

Deno.test({
  ...withSignals("a test that is interrupted tells what was measured until then"),
  async fn() {
    await using server = await service();
    await using testing = new Running(netechoCommand([
      "client",
      ...[`127.0.0.1:${server.port}`, "--throughput", "--duration", "1m", "--rate", "10Mbit/s"],
    ]));
    await testing.line(/^ +0\.00 to 1\./);
    testing.kill("SIGINT");
    assertEquals(await testing.end(), { code: 0, stderr: "" });
    assertMatch(testing.lines.join("\n"), /^measured .*, stopped before the end$/m);
    await server.line(/"event":"measured"/);
  },
});
