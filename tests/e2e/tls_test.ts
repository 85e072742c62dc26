/** TLS, from both ends, against real peers, and against peers that are no good. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { echoThrough, readAll, readExactly, writeAll } from "../support/connections.ts";
import {
  bash,
  greet,
  netecho,
  netechoCommand,
  netechoShell,
  Running,
  runProgram,
  Server,
} from "../support/programs.ts";
import {
  needing,
  onLinux,
  withNodeNetworking,
  withoutWine,
  withSystemCalls,
} from "../support/skips.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { OPENSSL_HELLO } from "../support/hello.ts";
import { unusedPort, withFolder } from "../support/system.ts";
import { Authority } from "../support/pki.ts";

const MIB = 1024 * 1024;

function connect(port: number, authority: Authority): Promise<Deno.TlsConn> {
  const caCerts = [Deno.readTextFileSync(authority.ca)];
  return Deno.connectTls({ hostname: "localhost", port, caCerts });
}

/** A TLS server with a certificate of the authority. */
async function serve(authority: Authority, args: readonly string[] = []): Promise<Server> {
  const { cert, key } = await authority.issue();
  return await Server.start(["--cert", cert, "--key", key, "--json", ...args], "tls://127.0.0.1:0");
}

Deno.test("a certificate is made where none is given, and its fingerprint can be pinned", async () => {
  await using server = await Server.start(["--json"], "tls://127.0.0.1:0");
  await server.line(/"event":"certificate"/);
  const { fingerprint, generated, subject, names } = server.events[1] as Record<string, string>;
  assertMatch(fingerprint!, /^([\dA-F]{2}:){31}[\dA-F]{2}$/);
  assertEquals([generated as unknown, subject], [true, "CN=localhost"]);
  const address = `tls://localhost:${server.port}`;
  const untrusting = await netecho(["client", address], { input: "hello\n" });
  assertEquals([untrusting.code, untrusting.text], [1, ""]);
  assertStringIncludes(untrusting.stderr, "its certificate is self-signed, or signed by an");
  await server.line(/"reason":"handshake"/);
  assert(names !== undefined);
});

Deno.test({
  ...await withNodeNetworking("--fingerprint trusts one certificate, --insecure any"),
  async fn() {
    await using server = await Server.start(["--json"], "tls://127.0.0.1:0");
    await server.line(/"event":"certificate"/);
    const { fingerprint } = server.events[1] as Record<string, string>;
    const address = `tls://localhost:${server.port}`;
    const plain = fingerprint!.replaceAll(":", "").toLowerCase();
    for (
      const option of [
        `--fingerprint=${fingerprint}`,
        `--fingerprint=sha256:${plain}`,
        "--insecure",
      ]
    ) {
      const { code, text, stderr } = await netecho(["client", address, option], {
        input: "hello\n",
      });
      assertEquals([code, text, stderr], [0, "hello\n", ""]);
    }
    const other = plain.replace(/..$/, (last) => last === "00" ? "01" : "00");
    const { code, stderr } = await netecho(["client", address, "--fingerprint", other]);
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `netecho: Cannot connect to ${address}: its certificate has another fingerprint, SHA-256 ${fingerprint}\n`,
    );
  },
});

Deno.test("each certificate that is no good is refused with its own message", async () => {
  await using authority = await Authority.create();
  const cases = [
    [
      await authority.issue({ dns: ["example.com"] }),
      /: its certificate is for another name; try --servername NAME$/,
    ],
    [await authority.issue({ days: -10 }), /: its certificate has expired; --insecure accepts it$/],
  ] as const;
  for (const [{ cert, key }, message] of cases) {
    await using server = await Server.start(["--cert", cert, "--key", key], "tls://127.0.0.1:0");
    const address = `tls://localhost:${server.port}`;
    const { code, text, stderr } = await netecho(["client", address, "--ca", authority.ca]);
    assertEquals([code, text], [1, ""]);
    assertMatch(stderr.trimEnd(), message);
    const verbose = await netecho(["client", address, "--ca", authority.ca, "-v"]);
    assertEquals(verbose.code, 1);
    assertMatch(verbose.stderr.trimEnd(), message);
  }
});

Deno.test("a name that is asked for is the name that is checked", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue({ dns: ["example.com"] });
  await using server = await Server.start(["--cert", cert, "--key", key], "tls://127.0.0.1:0");
  const args = ["client", `tls://localhost:${server.port}`, "--ca", authority.ca];
  const { code, text } = await netecho([...args, "--servername", "example.com"], { input: "hi" });
  assertEquals([code, text], [0, "hi"]);
});

Deno.test({
  ...await withNodeNetworking("-v shows the session and the chain"),
  async fn() {
    await using authority = await Authority.create();
    await using server = await serve(authority, ["--alpn", "h2,http/1.1"]);
    const address = `tls://localhost:${server.port}`;
    const args = ["client", address, "--ca", authority.ca, "-v", "--alpn", "http/1.1"];
    const { code, stderr } = await netecho(args, { input: "hello\n" });
    assertEquals(code, 0);
    assertMatch(stderr, /^TLSv1\.3, TLS_\w+, ALPN http\/1\.1$/m);
    assertMatch(stderr, /^certificate 0: CN=localhost$/m);
    assertMatch(stderr, /^ {2}issuer: CN=Test CA$/m);
    assertMatch(stderr, /^ {2}names: localhost$/m);
    assertMatch(stderr, /^ {2}valid: \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/m);
    assertMatch(stderr, /^ {2}SHA-256: ([\dA-F]{2}:){31}[\dA-F]{2}$/m);
    assertMatch(stderr, /^connected to tls:\/\/127\.0\.0\.1:\d+ from tls:\S+ in [\d.]+ m?s$/m);
    assertMatch(stderr, /^certificate 1: CN=Test CA \(trusted here\)$/m);
    assertMatch(stderr, /^certificate verified$/m);
    assertMatch(stderr, /^6 bytes sent, 6 bytes received(; rtt .*)?$/m);
    const unchecked = await netecho(["client", address, "--insecure", "-v"]);
    assertMatch(unchecked.stderr, /^certificate not verified: its certificate is self-signed, or/m);
    const opened = server.events.find(({ event }) => event === "opened");
    assertEquals(opened?.alpn, "http/1.1");
  },
});

const HELLOS = "openssl s_client is shown by what it asks for";
for (
  const [test, options] of [
    [withSystemCalls(HELLOS, ["openssl"]), () => []],
    [
      await withNodeNetworking(`${HELLOS}, and by what it was given`, ["openssl"]),
      (authority: Authority) => ["--client-ca", authority.ca],
    ],
  ] as const
) {
  Deno.test({
    ...test,
    async fn() {
      await using authority = await Authority.create();
      const { cert, key } = await authority.issue();
      await using server = await serve(authority, options(authority));
      const client = async (...args: string[]) => {
        const to = ["-connect", `127.0.0.1:${server.port}`, "-cert", cert, "-key", key, ...args];
        await runProgram(["openssl", ["s_client", ...to]], { input: "" });
      };
      for (let round = 0; round < 20; round++) {
        await client("-servername", "shop.example", "-tls1_2");
      }
      await client("-servername", "old.example", "-tls1_1", "-cipher", "ALL@SECLEVEL=0");
      const refused = JSON.parse(await server.line(/"event":"refused"/));
      assertEquals([refused.detail, refused.tls], [
        "no TLS version or cipher in common",
        { serverName: "old.example", offered: ["TLSv1.1"] },
      ]);
      const opened = server.events.filter(({ event }) => event === "opened");
      assertEquals(opened.length, 20);
      for (const { tls } of opened as unknown as { tls: Record<string, unknown> }[]) {
        const { protocol = "TLSv1.2", cipher = "ECDHE-", ...asked } = tls;
        assertEquals(asked, { serverName: "shop.example", offered: ["TLSv1.2"] });
        assertEquals(protocol, "TLSv1.2");
        assertMatch(String(cipher), /^(TLS_|ECDHE)/);
      }
    },
  });
}

Deno.test("no protocol in common is said on both sides", async () => {
  await using authority = await Authority.create();
  await using server = await serve(authority, ["--alpn", "h2"]);
  const address = `tls://localhost:${server.port}`;
  const args = ["client", address, "--ca", authority.ca, "--alpn", "h3"];
  const { code, stderr } = await netecho(args);
  assertEquals(code, 1);
  assertMatch(stderr, /no protocol in common/);
  assertMatch(await server.line(/"event":"refused"/), /no protocol in common \(ALPN\)/);
});

Deno.test({
  ...await withNodeNetworking(
    "--client-ca serves those alone whom it has signed, and says why not",
  ),
  async fn() {
    await using authority = await Authority.create();
    await using other = await Authority.create("Other CA");
    await using server = await serve(authority, ["--client-ca", authority.ca]);
    const connectAs = async (who?: { cert: string; key: string }) => {
      const shown = who ? ["--client-cert", who.cert, "--client-key", who.key] : [];
      const address = `tls://localhost:${server.port}`;
      const args = ["client", address, "--ca", authority.ca, ...shown];
      return await netecho(args, { input: "hello\n" });
    };
    const alice = await connectAs(await authority.issue({ cn: "alice" }));
    assertEquals([alice.code, alice.text], [0, "hello\n"]);
    assertMatch(await server.line(/"event":"opened"/), /"subject":"CN=alice"/);
    for (
      const [who, why] of [
        [undefined, "it showed no certificate, and --client-ca asks for one"],
        [
          await other.issue({ cn: "mallory" }),
          "its certificate (CN=mallory) is not one for clients by an authority in --client-ca",
        ],
        [
          await authority.issue({ cn: "carol", days: -10 }),
          "its certificate (CN=carol) has expired",
        ],
      ] as const
    ) {
      const { code, text, stderr } = await connectAs(who);
      assertEquals([code, text], [1, ""]);
      assertMatch(stderr, /^netecho: The (peer reset the connection|connection failed) .*\n$/);
      await server.line(new RegExp(`"detail":"${RegExp.escape(why)}`));
    }
  },
});

Deno.test({
  ...await withNodeNetworking(
    "a client without a certificate is told by an alert that --client-ca asks for one",
    ["openssl", "curl"],
  ),
  async fn() {
    await using authority = await Authority.create();
    await using server = await serve(authority, ["--client-ca", authority.ca]);
    const { port } = server;
    for (const version of ["-tls1_3", "-tls1_2"]) {
      const to = ["s_client", "-connect", `localhost:${port}`, "-ign_eof", version];
      // What it sends is not read, and must not reset the connection before the alert is.
      const { stderr } = await runProgram(["openssl", to], { input: "x".repeat(100_000) });
      assertMatch(stderr, /alert certificate required/);
    }
    const url = `https://localhost:${port}/`;
    const curl = await runProgram(["curl", ["-sS", "--cacert", authority.ca, url]], { input: "" });
    assertMatch(curl.stderr, /alert certificate required/);
    const own = ["client", `tls://localhost:${port}`, "--ca", authority.ca];
    const { code, stderr } = await netecho(own, { input: "x".repeat(100_000) });
    assertEquals(code, 1);
    assertMatch(stderr, /the peer asks for a certificate; give --client-cert/);
  },
});

Deno.test({
  ...await withNodeNetworking("why a handshake failed is told while its client stays"),
  async fn() {
    await using authority = await Authority.create();
    const patience = ["--client-ca", authority.ca, "--handshake-timeout", "500ms"];
    await using server = await serve(authority, patience);
    using conn = await server.connect();
    await writeAll(conn, new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    const { detail } = JSON.parse(await server.line(/"event":"refused"/));
    assertEquals(detail, "it does not speak TLS; try tcp://");
    assertEquals(await readAll(conn), new Uint8Array([21, 3, 3, 0, 2, 2, 50])); // decode_error
  },
});

for (const client of [false, true]) {
  const name = `half-close loses nothing in 50 MB, client certificates ${
    client ? "asked for" : "or not"
  }`;
  Deno.test({
    ...(client ? await withNodeNetworking(name) : { name }),
    async fn() {
      await using authority = await Authority.create();
      const { cert, key } = await authority.issue();
      await using server = await serve(authority, client ? ["--client-ca", authority.ca] : []);
      const options = client
        ? { cert: Deno.readTextFileSync(cert), key: Deno.readTextFileSync(key) }
        : {};
      const caCerts = [Deno.readTextFileSync(authority.ca)];
      const { port } = server;
      const conn = await Deno.connectTls({ hostname: "localhost", port, caCerts, ...options });
      const bytes = randomBytes(50 * MIB);
      const back = await echoThrough(conn, bytes);
      assertEquals([back.length, await sha256(back)], [bytes.length, await sha256(bytes)]);
      assertEquals(JSON.parse(await server.line(/"event":"closed"/)).reason, "eof");
    },
  });
}

for (const engine of [false, true]) {
  const name = `a server that half-closes first reads on, ${
    engine ? "by node:tls" : "by Deno's TLS"
  }`;
  Deno.test({
    ...(engine ? await withNodeNetworking(name) : { name }),
    async fn() {
      await using authority = await Authority.create();
      const file = await Deno.makeTempFile();
      const answer = randomBytes(5 * MIB, 2);
      await Deno.writeFile(file, answer);
      const proxy = engine ? ["--proxy-protocol"] : [];
      const args = ["--service", "reply", "--reply-file", file, "--show", "none", ...proxy];
      await using server = await serve(authority, args);
      await Deno.remove(file);
      const caCerts = [Deno.readTextFileSync(authority.ca)];
      const plain = await server.connect();
      if (engine) await writeAll(plain, new TextEncoder().encode("PROXY UNKNOWN\r\n"));
      const conn = await Deno.startTls(plain, { hostname: "localhost", caCerts });
      assertEquals(await sha256(await readAll(conn)), await sha256(answer));
      await writeAll(conn, new Uint8Array(20 * MIB));
      await conn.closeWrite();
      const { received, sent, reason } = JSON.parse(await server.line(/"event":"closed"/));
      assertEquals([received, sent, reason], [20 * MIB, 5 * MIB, "eof"]);
      conn.close();
    },
  });
}

Deno.test({
  ...await withNodeNetworking("the client loses nothing in 50 MB, whoever does its TLS"),
  async fn() {
    await using authority = await Authority.create();
    await using server = await serve(authority, ["--show", "none"]);
    const address = `tls://localhost:${server.port}`;
    for (const trust of [["--ca", authority.ca], ["--insecure"]]) {
      const args = ["client", address, ...trust, "--verify"];
      const { code, stderr } = await netecho(args, { input: randomBytes(50 * MIB) });
      assertEquals([code, stderr], [0, "verified: 52,428,800 bytes came back as sent\n"]);
    }
  },
});

Deno.test({
  ...needing(["openssl", "ncat"], "openssl s_client and ncat --ssl are served"),
  async fn() {
    await using authority = await Authority.create();
    await using server = await serve(authority, ["--show", "none"]);
    const env = { PORT: String(server.port), CA: authority.ca };
    const openssl =
      'openssl s_client -quiet -verify_return_error -CAfile "$CA" -connect 127.0.0.1:$PORT 2>/dev/null';
    for (const version of ["-tls1_3", "-tls1_2"]) {
      assertEquals(await greet(`${openssl} ${version}`, env), "hello\n");
    }
    assertEquals(await greet("ncat --ssl 127.0.0.1 $PORT", env), "hello\n");
  },
});

Deno.test({
  ...needing(["openssl"], "openssl s_server serves the client, and its alerts are understood"),
  async fn() {
    await using authority = await Authority.create();
    await using other = await Authority.create("Other CA");
    const { cert, key } = await authority.issue();
    const start = async (...args: string[]) => {
      const files = ["-cert", cert, "-key", key, "-accept", "127.0.0.1:0", ...args];
      const server = new Running(["openssl", ["s_server", ...files]]);
      const line = await server.line(/^ACCEPT/);
      return { server, address: `tls://localhost:${/(\d+)$/.exec(line)![1]}` };
    };
    const reverse = await start("-rev");
    await using _reverse = reverse.server;
    const trust = ["--ca", authority.ca, "--linger", "5s"];
    const { code, text } = await netecho(["client", reverse.address, ...trust], { input: "abc\n" });
    assertEquals([code, text], [0, "cba\n"]);

    const strict = await start("-rev", "-Verify", "1", "-verify_return_error", "-CAfile", other.ca);
    await using _strict = strict.server;
    const refused = await netecho(["client", strict.address, ...trust]);
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /the peer asks for a certificate; give --client-cert/);
  },
});

Deno.test({
  ...needing(["ncat"], "ncat --ssl serves the client"),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const port = unusedPort();
    const files = ["--ssl", "--ssl-cert", cert, "--ssl-key", key];
    await using _ncat = new Running(["ncat", [
      "-l",
      ...files,
      "-e",
      "/bin/cat",
      "127.0.0.1",
      `${port}`,
    ]]);
    const args = ["client", `tls://localhost:${port}`, "--ca", authority.ca, "--retry", "10s"];
    assertEquals(await greet(netechoShell(args), {}), "hello\n");
  },
});

Deno.test("plain text, garbage and silence harm nobody, and each is one event", async () => {
  await using authority = await Authority.create();
  await using server = await serve(authority, ["--handshake-timeout", "300ms", "--show", "none"]);
  const good = await connect(server.port, authority);
  await good.handshake();
  const silent = await server.connect();
  const plain = await server.connect();
  await writeAll(plain, new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
  await readAll(plain).catch(() => {});
  plain.close();
  const half = await server.connect();
  await writeAll(half, new Uint8Array([0x16, 3, 1, 2, 0, 1, 0]));
  await half.closeWrite();
  await readAll(half).catch(() => {});
  half.close();
  assertEquals((await readAll(silent).catch(() => new Uint8Array())).length, 0);
  silent.close();
  const bytes = randomBytes(MIB);
  assertEquals(await sha256(await echoThrough(good, bytes)), await sha256(bytes));
  await server.line(/"event":"closed"/);
  const refused = server.events.filter(({ event }) => event === "refused");
  assertEquals(refused.map(({ detail }) => detail).toSorted(), [
    "it does not speak TLS; try tcp://",
    "no complete TLS handshake within 300 ms",
    "the peer closed the connection during the TLS handshake; does it speak TLS?",
  ]);
});

Deno.test({
  ...onLinux("a late handshake ends alone: another connection from the same port goes on"),
  async fn() {
    const args = ["127.0.0.1:0", "--json", "--handshake-timeout", "200ms"];
    await using server = await Server.start(args, "tls://127.0.0.1:0");
    await server.line(/tcp:/);
    const plain = server.events.find(({ transport }) => transport === "tcp")!.port as number;
    const from = unusedPort();
    // Node can bind the same end twice where the other ends differ; the runtime cannot choose it.
    const script = "import socket as s, sys\n" +
      "f, t, p = map(int, sys.argv[1:])\n" +
      "def dial(port):\n" +
      "  c = s.socket(); c.setsockopt(s.SOL_SOCKET, s.SO_REUSEADDR, 1)\n" +
      "  c.bind(('127.0.0.1', f)); c.connect(('127.0.0.1', port)); return c\n" +
      "silent = dial(t); good = dial(p)\n" +
      "assert silent.recv(1) == b''\n" +
      "good.send(b'x'); assert good.recv(1) == b'x'\n" +
      "print('served')";
    const { text, stderr } = await runProgram([
      "python3",
      ["-c", script, String(from), String(server.port), String(plain)],
    ]);
    assertEquals([text, stderr], ["served\n", ""]);
  },
  ignore: onLinux("", ["python3"]).ignore,
});

Deno.test({
  ...onLinux("a client that gives up a handshake leaves no connection open"),
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = `tls://127.0.0.1:${listener.addr.port}`;
    const args = ["client", address, "--connect-timeout", "100ms", "--retry", "60s"];
    await using _client = new Running(netechoCommand(args));
    let attempts = 0;
    while (attempts < 3) {
      using silent = await listener.accept();
      await readAll(silent); // to its end: the client has closed it
      attempts++;
    }
    assertEquals(attempts, 3);
  },
});

Deno.test("what trying again will not mend is not tried again", async () => {
  await using server = await Server.start([], "tls://127.0.0.1:0");
  const args = ["client", `tls://localhost:${server.port}`, "--retry", "60s", "-v"];
  const { code, stderr } = await netecho(args);
  assertEquals([code, stderr.includes("trying again")], [1, false]);
});

Deno.test("an echo of 64 KiB is not held back, whoever else has the port", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  const port = unusedPort();
  const args = [`tls://127.0.0.1:${port}`, "--cert", cert, "--key", key, "--show", "none"];
  await using server = await Server.start(args, `udp://127.0.0.1:${port}`);
  await server.line(/tls:/);
  const caCerts = [Deno.readTextFileSync(authority.ca)];
  const plain = await Deno.connect({ port });
  plain.setNoDelay(true);
  const conn = await Deno.startTls(plain, { hostname: "localhost", caCerts });
  const bytes = randomBytes(65_536);
  const started = performance.now();
  for (let round = 0; round < 100; round++) {
    await Promise.all([writeAll(conn, bytes), readExactly(conn, bytes.length)]);
  }
  // A hundred delayed acknowledgements of 40 ms take four seconds; without, it is a tenth of one.
  assert(performance.now() - started < 3000, "Nagle's algorithm holds the echo back");
  conn.close();
});

Deno.test({
  ...withoutWine(
    "a thousand garbage connections at once, and the next good client is served",
    "20 s of handshakes under Wine",
  ),
  async fn() {
    await using authority = await Authority.create();
    await using server = await serve(authority, ["-q"]);
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 100 }, async (_, index) => {
        const conn = await server.connect();
        if (index % 3) await conn.write(randomBytes(index * 7, index)).catch(() => {});
        conn.close();
      }));
    }
    const conn = await connect(server.port, authority);
    assertEquals(await echoThrough(conn, new Uint8Array([1, 2, 3])), new Uint8Array([1, 2, 3]));
  },
});

Deno.test({
  ...needing(["openssl"], "a session that is cut off without close_notify is told from its end"),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const files = ["-cert", cert, "-key", key, "-accept", "127.0.0.1:0", "-rev"];
    await using peer = new Running(["openssl", ["s_server", ...files]]);
    const port = /(\d+)$/.exec(await peer.line(/^ACCEPT/))![1];
    const address = `tls://localhost:${port}`;
    const args = ["client", address, "--ca", authority.ca];
    await using client = new Running(netechoCommand(args), { stdin: "piped" });
    const stdin = client.stdin.getWriter();
    await stdin.write(new TextEncoder().encode("abc\n"));
    await client.line(/cba/);
    peer.kill("SIGKILL");
    const { code, stderr } = await client.end();
    await stdin.abort();
    assertEquals(code, 1);
    assertMatch(stderr, /the peer ended without close_notify, so that data may be missing$/m);
  },
});

for (const args of [[], ["--proxy-protocol"]]) {
  const name = `a server that ends a session says so by close_notify ${args.join()}`;
  Deno.test({
    ...(args.length ? await withNodeNetworking(name) : { name }),
    async fn() {
      await using authority = await Authority.create();
      const patience = ["--once", "--idle-timeout", "100ms"];
      await using server = await serve(authority, [...patience, ...args]);
      const plain = await server.connect();
      if (args.length) await writeAll(plain, new TextEncoder().encode("PROXY UNKNOWN\r\n"));
      const caCerts = [Deno.readTextFileSync(authority.ca)];
      const conn = await Deno.startTls(plain, { hostname: "localhost", caCerts });
      assertEquals((await readAll(conn)).length, 0); // it would reject without
      conn.close();
      assertEquals((await server.end()).code, 0);
    },
  });
}

Deno.test("a certificate or key that is no good is a usage error on either side", async () => {
  await using authority = await Authority.create();
  const [one, two] = [await authority.issue(), await authority.issue()];
  const empty = `${authority.ca}.empty`;
  await Deno.writeTextFile(empty, "");
  const server = ["server", "tls://127.0.0.1:0"];
  const client = ["client", "tls://127.0.0.1:9"];
  const cases: [args: string[], message: string][] = [
    [
      [...server, "--cert", one.cert, "--key", two.key],
      "Options --cert and --key: the key does not belong to the certificate",
    ],
    [
      [...server, "--cert", one.cert, "--key", two.cert],
      "Option --key: the file holds no private key in PEM without passphrase",
    ],
    [
      [...server, "--client-ca", one.key],
      "Option --client-ca: the file holds no certificate in PEM",
    ],
    // An authority's file that is empty must not let everybody in.
    [[...server, "--client-ca", empty], "Option --client-ca: the file holds no certificate in PEM"],
    [[...client, "--ca", empty], "Option --ca: the file holds no certificate in PEM"],
    [[...client, "--ca", one.key], "Option --ca: the file holds no certificate in PEM"],
    [
      [...client, "--client-cert", one.cert, "--client-key", two.key],
      "Options --client-cert and --client-key: the key does not belong to the certificate",
    ],
  ];
  for (const [args, message] of cases) {
    const { code, text, stderr } = await netecho(args);
    assertEquals([code, text, stderr], [2, "", `netecho: ${message}\n`]);
  }
});

Deno.test({
  ...withSystemCalls("a peer that never reads does not keep its connection when the session ends"),
  async fn() {
    await using authority = await Authority.create();
    await using server = await serve(authority, ["--show", "none", "--idle-timeout", "200ms"]);
    using conn = await connect(server.port, authority);
    const write = async () => {
      for (const bytes = new Uint8Array(MIB);;) await conn.write(bytes);
    };
    await assertRejects(write, Error); // the server has closed with bytes unread
    assertMatch(await server.line(/"event":"closed"/), /"reason":"idle"/);
  },
});

Deno.test({
  ...await withNodeNetworking(
    "a certificate and its key may be in one file, in any order, on both sides",
  ),
  async fn() {
    await using authority = await Authority.create();
    const [server, client] = [await authority.issue(), await authority.issue({ cn: "client" })];
    const read = (path: string) => Deno.readTextFileSync(path);
    const folder = await Deno.makeTempDir();
    const files = { keyFirst: `${folder}/one.pem`, certFirst: `${folder}/two.pem` };
    await Deno.writeTextFile(files.keyFirst, read(server.key) + read(server.cert));
    await Deno.writeTextFile(files.certFirst, read(client.cert) + read(client.key));
    const args = ["--cert", files.keyFirst, "--client-ca", authority.ca, "-q"];
    await using secured = await Server.start(args, "tls://127.0.0.1:0");
    const at = ["client", `tls://localhost:${secured.port}`, "--ca", authority.ca];
    const talk = (...more: string[]) => netecho([...at, ...more], { input: "hi" });
    assertEquals((await talk("--client-cert", files.certFirst)).text, "hi");
    const both = ["--client-cert", files.certFirst, "--client-key", files.certFirst];
    assertEquals((await talk(...both)).text, "hi");
    const lacking = await talk("--client-cert", client.cert);
    assertEquals(
      [lacking.code, lacking.stderr],
      [2, "netecho: Option --client-cert needs --client-key as well\n"],
    );
    const bundle = `${folder}/bundle.pem`;
    await Deno.writeTextFile(bundle, read(authority.ca) + read(client.cert).replace(/\nM/, "\n!"));
    const broken = await netecho([...at.slice(0, 2), "--ca", bundle], { input: "hi" });
    assertEquals(
      [broken.code, broken.stderr],
      [2, "netecho: Option --ca: certificate 2 of the file is broken\n"],
    );
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...needing(
    ["openssl"],
    "an authority that shows itself is refused with the fingerprint to paste",
  ),
  async fn() {
    const folder = await Deno.makeTempDir();
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const made = await runProgram(["openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=self"],
      ...["-addext", "subjectAltName=DNS:localhost"],
    ]]);
    assertEquals(made.code, 0, made.stderr);
    await using server = await Server.start(["--cert", cert, "--key", key, "-q"], "tls://:0");
    const client = ["client", `tls://localhost:${server.port}`];
    const refused = await netecho([...client, "--ca", cert], { input: "hi" });
    assertEquals(refused.code, 1);
    const [, fingerprint = ""] = /write (--fingerprint [\dA-F:]{95}) instead\n$/.exec(
      refused.stderr,
    ) ?? [];
    if ((await withNodeNetworking("")).ignore) return;
    const trusted = await netecho([...client, ...fingerprint.split(" ")], { input: "hi" });
    assertEquals([trusted.code, trusted.text], [0, "hi"]);
    const shown = await netecho([...client, "--insecure", "-v"], { input: "hi" });
    assertStringIncludes(shown.stderr, "certificate not verified: ");
    assert(!shown.stderr.includes("--insecure"), shown.stderr);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...needing(["openssl"], "a name with a comma in it is not two"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const [cert, key, config] = ["cert", "key", "config"].map((name) => `${folder}/${name}`);
    await Deno.writeTextFile(
      config!,
      "[req]\ndistinguished_name=d\nx509_extensions=v\n[d]\n[v]\nsubjectAltName=@n\n[n]\n" +
        'DNS.1 = "x, DNS:bank.example"\nIP.1 = 192.0.2.7\n',
    );
    const made = await runProgram(["openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", key!, "-out", cert!, "-days", "2", "-subj", "/CN=self", "-config", config!],
    ]]);
    assertEquals(made.code, 0, made.stderr);
    await using server = await Server.start(["--cert", cert!, "--key", key!], "tls://127.0.0.1:0");
    const line = await server.line(/certificate of/);
    assertStringIncludes(line, 'for "x, DNS:bank.example", 192.0.2.7, until');
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...await withNodeNetworking("-v --json tells the session as one object, trusted or not"),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue({ dns: ["localhost"] });
    const args = ["--cert", cert, "--key", key, "-q"];
    await using server = await Server.start(args, "tls://127.0.0.1:0");
    const client = ["client", `tls://localhost:${server.port}`, "-v", "--json"];
    const trusting = await netecho([...client, "--ca", authority.ca], { input: "hi" });
    assertEquals([trusting.code, trusting.text], [0, "hi"]);
    const [session, connected, closed] = trusting.stderr.trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals([session.event, session.protocol, session.trusted], ["tls", "TLSv1.3", true]);
    assertEquals(session.chain[0].names, ["localhost"]);
    assertEquals(session.chain[0].daysLeft, 29);
    assertEquals([connected.event, connected.remote], [
      "connected",
      `tls://127.0.0.1:${server.port}`,
    ]);
    assertEquals([closed.event, closed.sent, closed.received], ["closed", 2, 2]);
    const doubting = await netecho(client, { input: "hi" });
    assertEquals(doubting.code, 1);
    const [line = "", error = ""] = doubting.stderr.split("\n");
    assertEquals(JSON.parse(line).trusted, false);
    assertStringIncludes(error, JSON.parse(line).objection);
  },
});

Deno.test({
  ...withSystemCalls("a certificate of X.509 version 1 is a usage error", ["openssl"]),
  fn: () =>
    withFolder(async (folder) => {
      const files = { key: `${folder}/key.pem`, cert: `${folder}/cert.pem` };
      const { code } = await bash(
        'openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$KEY" ' +
          '-subj /CN=localhost | openssl x509 -req -signkey "$KEY" -out "$CERT"',
        { env: { KEY: files.key, CERT: files.cert } },
      );
      assertEquals(code, 0);
      const args = ["server", "tls://127.0.0.1:0", "--cert", files.cert, "--key", files.key];
      const refused = await netecho(args);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.stderr, "Option --cert: the certificate is of X.509 version 1");
    }),
});

for (
  const [test, args] of [
    [withSystemCalls("a hello that comes byte by byte, in several records, is read"), []],
    [
      await withNodeNetworking("a hello in several records is read by node:tls, too"),
      ["--proxy-protocol"],
    ],
  ] as const
) {
  Deno.test({
    ...test,
    async fn() {
      await using authority = await Authority.create();
      await using server = await serve(authority, args);
      const conn = await server.connect();
      conn.setNoDelay(true);
      if (args.length > 0) await writeAll(conn, new TextEncoder().encode("PROXY UNKNOWN\r\n"));
      const message = OPENSSL_HELLO.subarray(5);
      for (let at = 0; at < message.length; at += 50) {
        const part = message.subarray(at, at + 50);
        const record = new Uint8Array([22, 3, 1, 0, part.length, ...part]);
        for (const byte of record) await conn.write(new Uint8Array([byte]));
      }
      await readExactly(conn, 1); // of the server's hello
      conn.close();
      const { tls } = JSON.parse(await server.line(/"event":"refused"/));
      assertEquals(tls, { serverName: "shop.example", offered: ["TLSv1.3"] });
    },
  });
}
