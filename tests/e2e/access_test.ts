/** Who may connect, and who a proxy says it is. */
import { assertEquals, assertMatch } from "@std/assert";
import { echoThrough, readAll, writeAll } from "../support/connections.ts";
import { netecho, Server } from "../support/programs.ts";
import { onLinux, withIPv6, withNodeNetworking } from "../support/skips.ts";

async function isServed(port: number, from = "127.0.0.1"): Promise<boolean> {
  const conn = await Deno.connect({ hostname: from, port });
  const echo = await echoThrough(conn, new Uint8Array([1])).catch(() => new Uint8Array());
  return echo.length === 1;
}

Deno.test("--allow and --deny, by network, by address and by file", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "# the machine itself\n127.0.0.0/8  # IPv4\n\n::1\n");
  const cases: [args: string[], served: boolean][] = [
    [["--allow", "127.0.0.0/8"], true],
    [["--allow", "127.0.0.1"], true],
    [["--allow", "10.0.0.0/8", "--allow", "127.0.0.1/32"], true],
    [["--allow", "10.0.0.0/8,192.0.2.0/24"], false],
    [["--allow", `@${file}`], true],
    [["--allow", `@${file}`, "--deny", "127.0.0.1"], false],
    [["--deny", "127.0.0.0/30"], false],
    [["--deny", "127.0.0.2/31"], true],
    [["--allow", "::ffff:127.0.0.0/104"], true],
    [["--deny", "0.0.0.0/0"], false],
    [["--deny", "::/0"], true],
  ];
  for (const [args, served] of cases) {
    await using server = await Server.start([...args, "--json"]);
    assertEquals([args, await isServed(server.port)], [args, served]);
    if (served) continue;
    const { reason, detail } = JSON.parse(await server.line(/"event":"refused"/));
    assertEquals(reason, "denied");
    assertMatch(detail, /^--(deny holds it|allow does not hold it)$/);
  }
  await Deno.remove(file);
});

Deno.test({
  ...withIPv6("an IPv4 peer of an IPv6 socket counts as IPv4"),
  async fn() {
    await using server = await Server.start(["--deny", "127.0.0.0/8"], "[::]:0");
    assertEquals([await isServed(server.port), await isServed(server.port, "[::1]")], [
      false,
      true,
    ]);
  },
});

Deno.test({
  // The runtime shakes hands unasked, and closing its connection does not end that.
  ...onLinux("--deny holds for TLS, before any byte"),
  async fn() {
    await using server = await Server.start(["--deny", "127.0.0.1", "--json"], "tls://127.0.0.1:0");
    const conn = await server.connect();
    assertEquals((await readAll(conn).catch(() => new Uint8Array())).length, 0);
    conn.close();
    await server.line(/"refused".*"denied"/);
  },
});

Deno.test("--deny holds for UDP, before any byte", async () => {
  await using server = await Server.start(["--deny", "127.0.0.1", "--json"], "udp://127.0.0.1:0");
  const hostname = "127.0.0.1";
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  await socket.send(new Uint8Array(3), { transport: "udp", hostname, port: server.port });
  await server.line(/"refused".*"denied"/);
  assertEquals(server.events.some(({ event }) => event === "opened"), false);
  socket.close();
});

Deno.test("--max-connections-per-host counts each host by itself, and gives places back", async () => {
  await using server = await Server.start(["--max-connections-per-host", "2", "--json"]);
  const [one, two] = [await server.connect(), await server.connect()];
  await server.line({
    test: () => server.events.filter(({ event }) => event === "opened").length === 2,
  });
  const third = await server.connect();
  assertEquals((await readAll(third).catch(() => new Uint8Array())).length, 0);
  third.close();
  const { reason, detail } = JSON.parse(await server.line(/"event":"refused"/));
  assertEquals([reason, detail], ["host-limit", "2 connections open already from 127.0.0.1"]);
  one.close();
  await server.line(/"event":"closed"/);
  assertEquals(await isServed(server.port), true);
  two.close();
});

const encode = (text: string) => new TextEncoder().encode(text);
const V2 = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];

Deno.test("--proxy-protocol shows the remote that the header names, and loses no byte after it", async () => {
  await using server = await Server.start(["--proxy-protocol", "--json"]);
  const headers: [header: Uint8Array<ArrayBuffer>, remote: RegExp][] = [
    [
      encode("PROXY TCP4 203.0.113.7 198.51.100.1 4444 80\r\n"),
      /"remote":"tcp:\/\/203\.0\.113\.7:4444"/,
    ],
    [
      encode("PROXY TCP6 2001:db8::7 2001:db8::1 4444 80\r\n"),
      /"remote":"tcp:\/\/\[2001:db8::7\]:4444"/,
    ],
    [encode("PROXY UNKNOWN whatever\r\n"), /"remote":"tcp:\/\/127\.0\.0\.1:\d+"/],
    [
      new Uint8Array([
        ...V2,
        0x21,
        0x11,
        0,
        15,
        203,
        0,
        113,
        9,
        198,
        51,
        100,
        1,
        17,
        92,
        0,
        80,
        4,
        0,
        0,
      ]),
      /"remote":"tcp:\/\/203\.0\.113\.9:4444"/,
    ],
    [new Uint8Array([...V2, 0x20, 0, 0, 0]), /"remote":"tcp:\/\/127\.0\.0\.1:\d+"/],
  ];
  for (const [index, [header, remote]] of headers.entries()) {
    const conn = await server.connect();
    const echo = await echoThrough(conn, new Uint8Array([...header, 10, 20, 30]));
    assertEquals(echo, new Uint8Array([10, 20, 30]));
    const opened = await server.line({
      test: (line) => line.includes('"opened"') && line.includes(`"connection":${index + 1},`),
    });
    assertMatch(opened, remote);
    assertEquals(/"via":"tcp:\/\/127\.0\.0\.1:\d+"/.test(opened), /113|2001/.test(opened));
  }
});

Deno.test("a malformed PROXY header is refused by one event that says what is wrong", async () => {
  await using server = await Server.start([
    "--proxy-protocol",
    "--json",
    "--handshake-timeout",
    "300ms",
  ]);
  const headers: [header: Uint8Array<ArrayBuffer>, detail: string][] = [
    [
      encode("GET / HTTP/1.0\r\n\r\n"),
      "malformed PROXY header: it does not begin with one; is the peer a proxy that sends it?",
    ],
    [
      encode("PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n"),
      'malformed PROXY header: "PROXY TCP4 1.2.3.4 5.6.7.8 1 99999" does not end in two ports',
    ],
    [
      encode("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"),
      'malformed PROXY header: "PROXY TCP4 1.2.3 5.6.7.8 1 2" has no two TCP4 addresses',
    ],
    [
      encode("PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"),
      'malformed PROXY header: "TCP5" is none of TCP4, TCP6 and UNKNOWN',
    ],
    [
      encode("PROXY constructor evil.example other 1 2\r\n"),
      'malformed PROXY header: "constructor" is none of TCP4, TCP6 and UNKNOWN',
    ],
    [encode(`PROXY ${"x".repeat(200)}`), "malformed PROXY header: no line end within 107 bytes"],
    [new Uint8Array([...V2, 0x11, 0x11, 0, 0]), "malformed PROXY header: version 1 is not 2"],
    [
      new Uint8Array([...V2, 0x22, 0x11, 0, 0]),
      "malformed PROXY header: command 2 is neither LOCAL nor PROXY",
    ],
    [
      new Uint8Array([...V2, 0x21, 0x11, 0, 4, 1, 2, 3, 4]),
      "malformed PROXY header: 4 bytes hold no two addresses",
    ],
    [encode("PROXY"), "malformed PROXY header: the peer ended before it was complete"],
  ];
  for (const [header, detail] of headers) {
    const conn = await server.connect();
    await writeAll(conn, header);
    if (header.length < 6) await conn.closeWrite();
    await readAll(conn).catch(() => {});
    conn.close();
    await server.line({ test: () => server.events.some((event) => event.detail === detail) });
  }
  const silent = await server.connect();
  await readAll(silent);
  silent.close();
  await server.line(/no complete PROXY header within 300 ms/);
  assertEquals(server.events.filter(({ event }) => event === "opened"), []);
});

Deno.test("behind a proxy, lists and limits judge whom the header names", async () => {
  const limits = ["--deny", "203.0.113.0/24", "--max-connections-per-host", "1"];
  await using server = await Server.start(["--proxy-protocol", "--json", ...limits]);
  const arrive = async (source: string) => {
    const conn = await server.connect();
    await writeAll(conn, encode(`PROXY TCP4 ${source} 198.51.100.1 4444 80\r\nx`));
    return conn;
  };
  const isServed = (conn: Deno.Conn) =>
    conn.read(new Uint8Array(1)).then((length) => length === 1, () => false);
  const conns = [];
  for (const source of ["203.0.113.7", "198.51.100.7", "198.51.100.7", "198.51.100.8"]) {
    const conn = await arrive(source);
    conns.push({ source, conn, served: await isServed(conn) });
  }
  assertEquals(conns.map(({ served }) => served), [false, true, false, true]);
  await server.line(/"host-limit"/);
  const refused = server.events.filter(({ event }) => event === "refused");
  assertEquals(refused.map(({ reason, remote }) => [reason, remote]), [
    ["denied", "tcp://203.0.113.7:4444"],
    ["host-limit", "tcp://198.51.100.7:4444"],
  ]);
  for (const { conn } of conns) conn.close();
});

Deno.test("the client sends a header of either version, in its own name or another's", async () => {
  await using server = await Server.start(["--proxy-protocol", "--json"]);
  const args = ["client", "127.0.0.1", String(server.port), "--proxy-protocol"];
  for (
    const [more, remote] of [
      [[], /"remote":"(tcp:\/\/127\.0\.0\.1:\d+)".*"via":"\1"/],
      [["--proxy-source", "203.0.113.7:4444"], /"remote":"tcp:\/\/203\.0\.113\.7:4444"/],
      [["--proxy-version", "2"], /"remote":"(tcp:\/\/127\.0\.0\.1:\d+)".*"via":"\1"/],
      [
        ["--proxy-version", "2", "--proxy-source", "203.0.113.8:1"],
        /"remote":"tcp:\/\/203\.0\.113\.8:1"/,
      ],
    ] as const
  ) {
    const { code, text } = await netecho([...args, ...more], { input: "hello\n" });
    assertEquals([code, text], [0, "hello\n"]);
    await server.line({ test: (line) => line.includes('"opened"') && remote.test(line) });
  }
});

Deno.test({
  ...await withNodeNetworking("a PROXY header comes before the TLS handshake"),
  async fn() {
    await using server = await Server.start(["--proxy-protocol", "--json"], "tls://127.0.0.1:0");
    const args = ["client", `tls://localhost:${server.port}`, "--insecure", "--proxy-protocol"];
    const named = [...args, "--proxy-source", "203.0.113.7:4444"];
    const { code, text } = await netecho(named, { input: "hello\n" });
    assertEquals([code, text], [0, "hello\n"]);
    await server.line(/"remote":"tls:\/\/203\.0\.113\.7:4444"/);
  },
});

/** How many records of TLS of a type a flight begins with, whole ones alone. */
function countRecords(flight: Uint8Array, type: number): number {
  let count = 0;
  for (let at = 0; at + 5 <= flight.length;) {
    const length = flight[at + 3]! << 8 | flight[at + 4]!;
    if (at + 5 + length > flight.length) break;
    if (flight[at] === type) count++;
    at += 5 + length;
  }
  return count;
}

Deno.test({
  ...await withNodeNetworking(
    "the end of a TLS session counts where it comes with the handshake's",
  ),
  async fn() {
    await using server = await Server.start(["--proxy-protocol", "--json"], "tls://127.0.0.1:0");
    using between = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [LINE_FEED, HANDSHAKE] = [10, 22]; // the end of the PROXY header, and ClientHello
    const APPLICATION_DATA = 23; // of TLS 1.3: Finished, the message, close_notify
    const relaying = (async () => {
      using client = await between.accept();
      using upstream = await server.connect();
      const back = upstream.readable.pipeTo(client.writable).catch(() => {});
      const buffer = new Uint8Array(65_536);
      // However the system cuts what the client has sent.
      const readUntil = async (isWhole: (flight: Uint8Array) => boolean) => {
        let flight = new Uint8Array(0);
        while (!isWhole(flight)) {
          const length = (await client.read(buffer))!;
          flight = new Uint8Array([...flight, ...buffer.subarray(0, length)]);
        }
        return flight;
      };
      const afterHeader = (flight: Uint8Array) => flight.subarray(flight.indexOf(LINE_FEED) + 1);
      const first = await readUntil((flight) =>
        flight.includes(LINE_FEED) && countRecords(afterHeader(flight), HANDSHAKE) === 1
      );
      await writeAll(upstream, first);
      await writeAll(
        upstream,
        await readUntil((flight) => countRecords(flight, APPLICATION_DATA) === 3),
      );
      await back;
    })();
    relaying.catch(() => {}); // both ends have gone
    const args = ["client", `tls://127.0.0.1:${between.addr.port}`, "--insecure"];
    const { code, text } = await netecho([...args, "--proxy-protocol"], { input: "hello\n" });
    assertEquals([code, text], [0, "hello\n"]);
    await relaying.catch(() => {});
  },
});
