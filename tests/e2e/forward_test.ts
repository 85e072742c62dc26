import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { bash, netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { echoThrough, readAll, readExactly, resettable, writeAll } from "../support/connections.ts";
import { needing, onLinux, withoutWine, withSystemCalls } from "../support/skips.ts";
import { randomBytes } from "../support/bytes.ts";
import { unusedPort } from "../support/system.ts";
import { Authority } from "../support/pki.ts";

const forwarder = (to: string | string[], ...args: string[]) =>
  Server.start([
    "--json",
    "--show",
    "none",
    "--service",
    "forward",
    ...[to].flat().flatMap((address) => ["--to", address]),
    ...args,
  ]);

Deno.test({
  ...withoutWine("forward: every byte, both ways, and the half-close"),
  async fn() {
    await using echo = await Server.start(["-q"]);
    await using server = await forwarder(`127.0.0.1:${echo.port}`);
    const bytes = randomBytes(20_000_000);
    assertEquals(await echoThrough(await server.connect(), bytes), bytes);
    assertMatch(await server.line(/"event":"closed"/), /"reason":"eof"/);
  },
});

Deno.test("forward: the upstream's half-close leaves the other direction open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using server = await forwarder(`127.0.0.1:${listener.addr.port}`);
  using client = await server.connect();
  using upstream = await listener.accept();
  listener.close();
  await writeAll(upstream, new TextEncoder().encode("bye"));
  await upstream.closeWrite();
  assertEquals(new TextDecoder().decode(await readAll(client)), "bye");
  await writeAll(client, new TextEncoder().encode("still here"));
  await client.closeWrite();
  assertEquals(new TextDecoder().decode(await readAll(upstream)), "still here");
});

for (const broken of ["client", "upstream"]) {
  Deno.test({
    ...withSystemCalls(`forward: a reset by the ${broken} is a reset for the other`, ["python3"]),
    async fn() {
      // Python can send RST: a close with SO_LINGER at 0.
      const rst = "import socket,struct,sys; s=socket.socket(); s.settimeout(20)\n" +
        "def rst(c): c.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack('ii',1,0)); c.close()\n";
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      if (broken === "client") {
        await using server = await forwarder(`127.0.0.1:${listener.addr.port}`);
        const script = `${rst}s.connect(('127.0.0.1',${server.port})); s.recv(1); rst(s)`;
        const running = bash(`python3 -c "$SCRIPT"`, { env: { SCRIPT: script } });
        using upstream = await listener.accept();
        await writeAll(upstream, new Uint8Array(1));
        await assertRejects(() => readAll(upstream), Deno.errors.ConnectionReset);
        assertEquals((await running).code, 0);
      } else {
        const script = `${rst}s.bind(('127.0.0.1',0)); s.listen(); ` +
          "print(s.getsockname()[1],flush=True); c=s.accept()[0]; c.recv(1); rst(c)";
        await using peer = new Running(["python3", ["-c", script]]);
        await using server = await forwarder(`127.0.0.1:${await peer.line(/^\d+$/)}`);
        using client = await server.connect();
        await writeAll(client, new Uint8Array(1));
        await assertRejects(() => readAll(client), Deno.errors.ConnectionReset);
      }
      listener.close();
    },
  });
}

Deno.test("forward: TLS on one side, plain or Unix on the other", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  const folder = await Deno.makeTempDir();
  const bytes = randomBytes(1_000_000);
  const start = async (...args: string[]) => {
    const server = new Running(netechoCommand(["server", ...args, "-q"]));
    return { server, where: (await server.line(/^listening/)).replace("listening ", "") };
  };
  const tls = await start("tls://127.0.0.1:0", "--cert", cert, "--key", key);
  const name = ["--to-ca", authority.ca, "--to-servername", "localhost"];
  const plain = await start("127.0.0.1:0=forward", "--to", tls.where, ...name);
  await using _tls = tls.server;
  await using _plain = plain.server;
  const through = await netecho(["client", plain.where, "--verify"], { input: bytes });
  assertEquals([through.code, through.stderr], [
    0,
    "verified: 1,000,000 bytes came back as sent\n",
  ]);
  if (Deno.build.os !== "windows") {
    const unix = await start(`unix:${folder}/echo.sock`);
    const own = ["--cert", cert, "--key", key];
    const front = await start("tls://127.0.0.1:0=forward", "--to", unix.where, ...own);
    await using _unix = unix.server;
    await using _front = front.server;
    const trust = ["--ca", authority.ca, "--servername", "localhost"];
    const args = ["client", front.where, ...trust, "--verify"];
    assertEquals((await netecho(args, { input: bytes })).code, 0);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("forward: over UDP, each remote has a socket of its own upstream", async () => {
  await using echo = new Running(netechoCommand(["server", "udp://127.0.0.1:0", "-q"]));
  const to = (await echo.line(/^listening/)).replace("listening ", "");
  await using server = new Running(
    netechoCommand(["server", "udp://127.0.0.1:0=forward", "--to", to, "-q"]),
  );
  const where = (await server.line(/^listening/)).replace("listening ", "");
  const { text, code } = await netecho(["client", where, "--ping", "-c", "20", "-i", "1ms"]);
  assertEquals(code, 0, text);
  assertStringIncludes(text, "20 received");
});

Deno.test("forward: several addresses in turn, the next when one fails, each failure an event", async () => {
  await using one = await Server.start(["-q", "--service", "reply", "--reply", "one"]);
  await using two = await Server.start(["-q", "--service", "reply", "--reply", "two"]);
  const nobody = `127.0.0.1:${unusedPort()}`;
  await using server = await forwarder([`127.0.0.1:${one.port}`, nobody, `127.0.0.1:${two.port}`]);
  const answers: string[] = [];
  for (let count = 0; count < 4; count++) {
    using conn = await server.connect();
    answers.push(new TextDecoder().decode(await readAll(conn)));
  }
  assertEquals(answers, ["one", "two", "two", "one"]);
  await server.line(/"event":"closed".*"connection":4,/);
  const told = server.events.filter(({ event }) => event === "upstream").map(({ detail }) =>
    `${detail}`
  );
  assertEquals(told.length, 5);
  assertMatch(told[1]!, /^Cannot connect to .*connection refused/);

  await using lonely = await forwarder(nobody);
  // A reset where the system can, for an end would look like an empty answer.
  const conn = await lonely.connect().catch(() => {});
  if (conn) assertEquals(await readAll(conn).then(({ length }) => length, () => 0), 0);
  conn?.close();
  assertMatch(await lonely.line(/"event":"closed"/), /"reason":"error".*connection refused/);
});

Deno.test({
  ...needing(["python3", "curl"], "forward: HTTP through latency, slices and a slow line, whole"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const body = randomBytes(300_000);
    await Deno.writeFile(`${folder}/page.bin`, body);
    const script = "import http.server,sys,functools\n" +
      "h=functools.partial(http.server.SimpleHTTPRequestHandler,directory=sys.argv[1])\n" +
      "s=http.server.ThreadingHTTPServer(('127.0.0.1',0),h); print(s.server_address[1],flush=True); s.serve_forever()";
    await using web = new Running(["python3", ["-c", script, folder]]);
    const faults = [
      "latency:30ms,direction=both",
      "slicer:1000,size_variation=900",
      "bandwidth:2MB/s",
    ];
    await using server = await forwarder(
      `127.0.0.1:${await web.line(/^\d+$/)}`,
      ...faults.flatMap((fault) => ["--fault", fault]),
    );
    const { code } = await bash('curl -sS -o "$OUT" "$URL"', {
      env: { OUT: `${folder}/got.bin`, URL: `http://127.0.0.1:${server.port}/page.bin` },
    });
    assertEquals(code, 0);
    assertEquals(await Deno.readFile(`${folder}/got.bin`), body);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("forward: an address that is silent is tried last for a while", async () => {
  await using echo = await Server.start(["-q"]);
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 }); // no TLS handshake comes
  const addresses = [`tls://127.0.0.1:${silent.addr.port}`, `127.0.0.1:${echo.port}`];
  await using server = await forwarder(addresses, "--to-connect-timeout", "300ms");
  for (let count = 0; count < 4; count++) {
    using conn = await server.connect();
    await writeAll(conn, new Uint8Array([7]));
    assertEquals(await readExactly(conn, 1), new Uint8Array([7]));
  }
  silent.close();
  const failures = server.lines.filter((line) =>
    line.includes("no complete TLS handshake in time")
  );
  assertEquals(failures.length, 1);
});

Deno.test({
  ...onLinux("forward: a client that resets while its upstream is dialled is noticed at once"),
  async fn() {
    const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using server = await forwarder(`tls://127.0.0.1:${silent.addr.port}`);
    const client = await resettable(server.port);
    await server.line(/"event":"opened"/);
    client.resetAndDestroy();
    assertMatch(await server.line(/"event":"closed"/), /"reason":"reset"/);
    silent.close();
  },
});

Deno.test("forward: a timeout of one direction lets through what waits in the other", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const faults = ["--fault", "timeout:200ms", "--fault", "latency:600ms,direction=in"];
  await using server = await forwarder(`127.0.0.1:${listener.addr.port}`, ...faults);
  using client = await server.connect();
  using upstream = await listener.accept();
  listener.close();
  await writeAll(client, new TextEncoder().encode("late, but there"));
  assertEquals(await readAll(client), new Uint8Array()); // the timeout has struck
  assertEquals(new TextDecoder().decode(await readExactly(upstream, 15)), "late, but there");
});

Deno.test("forward: what is refused, and a client that comes and goes", async () => {
  for (
    const [args, message] of [
      [["--service", "forward"], "needs --to ADDRESS"],
      [["--to", ":1"], "it is for service forward"],
      [["--service", "forward", "--to", ":0"], "port 0"],
      [["--service", "forward", "--to", "ftp://x:1"], "ftp"],
    ] as const
  ) {
    const { code, stderr } = await netecho(["server", "127.0.0.1:0", ...args]);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, message);
  }
  await using echo = await Server.start(["-q"]);
  await using server = await forwarder(`127.0.0.1:${echo.port}`);
  for (let count = 0; count < 50; count++) (await server.connect()).close();
  using conn = await server.connect();
  await writeAll(conn, new Uint8Array([7]));
  assertEquals(await readExactly(conn, 1), new Uint8Array([7]));
  await server.line(/"event":"opened".*"connection":51,/);
});

Deno.test({
  ...withSystemCalls("forward: whatever ends a connection here ends it upstream, in kind"),
  async fn() {
    for (
      const [args, how] of [
        [["--idle-timeout", "100ms"], "end"],
        [["--fault", "reset_peer:100ms,direction=in"], "ConnectionReset"],
        [["--fault", "timeout:100ms"], "end"],
      ] as const
    ) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      await using server = await forwarder(`127.0.0.1:${listener.addr.port}`, ...args);
      using _client = await server.connect();
      using upstream = await listener.accept();
      listener.close();
      const ending = await readAll(upstream).then(() => "end", ({ name }) => name);
      await server.line(/"event":"closed"/);
      assertEquals(ending, how);
    }
  },
});

Deno.test("forward: over UDP an answer may be longer than its question, and come later", async () => {
  const upstream = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = upstream.addr as Deno.NetAddr;
  const answering = (async () => {
    await upstream.receive(); // the empty one
    const [, from] = await upstream.receive();
    for (let count = 0; count < 5; count++) await upstream.send(new Uint8Array(1000), from);
  })();
  await using server = new Running(
    netechoCommand(["server", "udp://127.0.0.1:0=forward", "--to", `udp://127.0.0.1:${port}`]),
  );
  const where = (await server.line(/^listening/)).replace("listening ", "");
  const [host = "", at = ""] = where.replace("udp://", "").split(":");
  const client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", hostname: host, port: Number(at) } as const;
  for (const datagram of ["", "?"]) await client.send(new TextEncoder().encode(datagram), to);
  let length = 0;
  while (length < 5000) length += (await client.receive())[0].length;
  client.close();
  await answering;
  upstream.close();
});

Deno.test("forward: advice about TLS names the forwarder's options; a bad file is exit 2", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  const args = ["server", "tls://127.0.0.1:0", "--cert", cert, "--key", key, "-q"];
  await using tls = new Running(netechoCommand(args));
  const to = (await tls.line(/^listening/)).replace("listening ", "");
  await using server = await forwarder(to);
  using _conn = await server.connect();
  assertMatch(await server.line(/"event":"upstream"/), /try --to-ca FILE, --to-fingerprint/);

  const file = await Deno.makeTempFile();
  const bad = await netecho(["server", ":0=forward", "--to", to, "--to-ca", file]);
  assertEquals(bad, {
    ...bad,
    code: 2,
    stderr: "netecho: Option --to-ca: the file holds no certificate in PEM\n",
  });
  await Deno.remove(file);
});

Deno.test({
  ...needing(["curl", "python3"], "forward: HTTP and HTTPS survive a bad network, to the byte"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const bytes = randomBytes(400_000);
    await Deno.writeFile(`${folder}/file`, bytes);
    const script = "import http.server,functools; H=functools.partial(" +
      "http.server.SimpleHTTPRequestHandler,directory=F); " +
      "s=http.server.ThreadingHTTPServer(('127.0.0.1',0),H); " +
      "print(s.server_address[1],flush=True); s.serve_forever()";
    const program = `F=${JSON.stringify(folder)}; ${script}`;
    await using web = new Running(["python3", ["-c", program]]);
    const http = `127.0.0.1:${await web.line(/^\d+$/)}`;
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const own = ["--cert", cert, "--key", key];
    const start = async (address: string, ...args: string[]) => {
      const server = new Running(netechoCommand(["server", `${address}=forward`, "-q", ...args]));
      return { server, where: (await server.line(/^listening/)).replace(/^.*\/\//, "") };
    };
    const bad = ["latency:5ms,jitter=3ms,direction=both", "slicer:700", "bandwidth:5MB/s"];
    const faults = bad.flatMap((fault) => ["--fault", fault]);
    const plain = await start("127.0.0.1:0", "--to", http, ...faults);
    await using _plain = plain.server;
    const ended = await start("tls://127.0.0.1:0", "--to", http, ...own, ...faults);
    await using _ended = ended.server;
    // TLS passes through as it is, to one that takes it off.
    const through = await start("127.0.0.1:0", "--to", ended.where, ...faults);
    await using _through = through.server;
    const env = { CA: `${folder}/ca.pem` };
    await Deno.writeTextFile(env.CA, await Deno.readTextFile(authority.ca));
    for (
      const url of [`http://${plain.where}`, `https://${ended.where}`, `https://${through.where}`]
    ) {
      const port = url.replace(/.*:/, "");
      const at = `--connect-to ::127.0.0.1:${port}`;
      const name = `${url.split(":")[0]}://localhost:${port}/file`;
      const got = await bash(`curl -sS --max-time 60 --cacert "$CA" ${at} ${name}`, { env });
      assertEquals([got.code, got.stderr], [0, ""]);
      assertEquals(got.stdout, bytes);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
