/** The client as a pipe: the EOF table, --verify, and what it says when it fails. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  bash,
  endless,
  netecho,
  netechoShell,
  Running,
  runProgram,
  Server,
} from "../support/programs.ts";
import { needing, needingNamespace, onLinux, withIPv6 } from "../support/skips.ts";
import { randomBytes } from "../support/bytes.ts";
import { readAll, readExactly, writeAll } from "../support/connections.ts";
import { unusedPort } from "../support/system.ts";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

const encode = (text: string) => new TextEncoder().encode(text);

// A peer in the test itself: what it does with the one connection that it accepts.
async function peer(
  behave: (conn: Deno.TcpConn) => Promise<unknown>,
  client: (port: string) => ReturnType<typeof netecho>,
) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept().then(async (conn) => {
    try {
      await behave(conn);
    } finally {
      conn.close();
    }
  });
  const [result] = await Promise.all([client(String(listener.addr.port)), accepted]);
  return result;
}

Deno.test("stdin that ends is half-closed; the answer after it is still written", async () => {
  const { code, text, stderr } = await peer(
    async (conn) => {
      assertEquals(await readAll(conn), encode("question"));
      await writeAll(conn, encode("answer"));
    },
    (port) => netecho(["client", "127.0.0.1", port], { input: "question" }),
  );
  assertEquals([code, text, stderr], [0, "answer", ""]);
});

Deno.test("the peer's FIN ends the client at once, whatever stdin still has", async () => {
  const { code, text, stderr } = await peer(
    (conn) => writeAll(conn, encode("goodbye")),
    (port) => netecho(["client", "127.0.0.1", port], { input: endless }),
  );
  assertEquals([code, text, stderr], [0, "goodbye", ""]);
});

Deno.test("the peer's RST is one line and exit 1, after what had arrived", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("so far", () => socket.once("data", () => socket.resetAndDestroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, text, stderr } = await netecho(["client", "127.0.0.1", String(port)], {
    async input(writer) {
      await writer.write(encode("x"));
      await new Promise(() => {});
    },
  });
  server.close();
  assertEquals([code, text], [1, "so far"]);
  assertEquals(stderr, `netecho: The peer reset the connection (tcp://127.0.0.1:${port})\n`);
});

Deno.test("--linger caps the wait after stdin's end, and the exit code is 0", async () => {
  const done = Promise.withResolvers<void>();
  const { code, text } = await peer(
    async (conn) => {
      await writeAll(conn, encode("first"));
      await done.promise; // never a FIN of its own
    },
    (port) =>
      netecho(["client", "127.0.0.1", port, "--linger", "100ms"], { input: "x" }).finally(
        done.resolve,
      ),
  );
  assertEquals([code, text], [0, "first"]);
});

for (const redirection of ["</dev/null", "<&-"]) {
  Deno.test({
    ...needing(["bash"], `stdin ${redirection} is an ordinary end of input`),
    async fn() {
      await using server = await Server.start(["-q"]);
      const client = netechoShell(["client", "127.0.0.1", String(server.port)]);
      const { code, text, stderr } = await bash(`${client} ${redirection}`);
      assertEquals([code, text, stderr], [0, "", ""]);
    },
  });
}

Deno.test("bytes that are no text pass a pipe unchanged", async () => {
  await using server = await Server.start(["-q"]);
  const bytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
  const { stdout } = await netecho(["client", `tcp://127.0.0.1:${server.port}`], { input: bytes });
  assertEquals(stdout, bytes);
});

Deno.test("--show hex dumps both directions to stderr", async () => {
  await using server = await Server.start(["-q"]);
  const args = ["client", "127.0.0.1", String(server.port), "--show", "hex"];
  const { text, stderr } = await netecho(args, { input: "hi\n" });
  assertEquals(text, "hi\n");
  const row = " 00000000  68 69 0a                                          |hi.|";
  const lines = stderr.trim().split("\n").map((line) => line.replace(/^\S+ /, ""));
  assertEquals(lines, [`>${row}`, `<${row}`]);
});

Deno.test("--crlf ends lines with CR LF and leaves those that do", async () => {
  await using server = await Server.start(["-q"]);
  const args = ["client", "127.0.0.1", String(server.port), "--crlf", "--verify"];
  const { text, stderr } = await netecho(args, { input: "a\nb\r\n\n" });
  assertEquals(text, "a\r\nb\r\n\r\n");
  assertEquals(stderr, "verified: 8 bytes came back as sent\n");
});

Deno.test("--verify passes what comes back as sent", async () => {
  await using server = await Server.start(["-q"]);
  const bytes = randomBytes(3_000_000);
  const args = ["client", "127.0.0.1", String(server.port), "--verify"];
  const { code, stdout, stderr } = await netecho(args, { input: bytes });
  assertEquals([code, stderr], [0, "verified: 3,000,000 bytes came back as sent\n"]);
  assertEquals(stdout, bytes);
});

const WRONG: Readonly<Record<string, [(conn: Deno.Conn) => Promise<void>, string]>> = {
  "names the offset of the first difference": [
    async (conn) => {
      const bytes = await readExactly(conn, 1000);
      bytes[777] = bytes[777]! ^ 1;
      await writeAll(conn, bytes);
    },
    "The echo differs at offset 777: 0x61 came back, 0x60 was sent",
  ],
  "fails when less comes back": [
    // What stays unread may become a reset.
    async (conn) => await writeAll(conn, (await readExactly(conn, 1000)).subarray(1)),
    "The echo is incomplete: 999 of the 1,000 bytes sent came back",
  ],
  "fails when more comes back": [
    async (conn) => {
      await writeAll(conn, await readExactly(conn, 1000));
      await writeAll(conn, encode("!"));
    },
    "The echo differs at offset 1,000: 0x21 came back, nothing was sent there",
  ],
};

for (const [name, [behave, message]] of Object.entries(WRONG)) {
  Deno.test(`--verify ${name}`, async () => {
    const { code, stderr } = await peer(
      behave,
      (port) => netecho(["client", "127.0.0.1", port, "--verify"], { input: "`".repeat(1000) }),
    );
    assertEquals([code, stderr], [1, `netecho: ${message}\n`]);
  });
}

Deno.test("--verify fails when the peer closes before the end of stdin", async () => {
  const { code, stderr } = await peer(
    async (conn) => await writeAll(conn, await readExactly(conn, 5)),
    (port) =>
      netecho(["client", "127.0.0.1", port, "--verify"], {
        async input(writer) {
          await writer.write(encode("hello"));
          await endless();
        },
      }),
  );
  assertEquals([code, stderr], [
    1,
    "netecho: Cannot verify: the peer closed the connection before the end of stdin, after " +
    "5 bytes came back as sent\n",
  ]);
});

Deno.test({
  ...onLinux("stdout that is closed is one line and exit 1", ["bash"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const client = netechoShell(["client", "127.0.0.1", String(server.port)]);
    const { text, stderr } = await bash(`(yes | ${client}; echo $? >&2) | head -c 2`);
    assertEquals(text, "y\n");
    assertEquals(
      stderr,
      "netecho: Cannot write to stdout: the other end is gone (broken pipe)\n1\n",
    );
  },
});

Deno.test({
  ...onLinux("stdin that cannot be read is one line and exit 1", ["bash"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const client = netechoShell(["client", "127.0.0.1", String(server.port)]);
    const { code, stderr } = await bash(`${client} </`);
    assertEquals(code, 1);
    assertMatch(stderr, /^netecho: Cannot read stdin: .*\n$/);
  },
});

Deno.test({
  ...withIPv6("a refused connection names every address that was tried"),
  async fn() {
    const port = unusedPort();
    const { code, text, stderr } = await netecho(["client", `localhost:${port}`]);
    assertEquals([code, text], [1, ""]);
    assertEquals(
      stderr,
      `netecho: Cannot connect to tcp://localhost:${port}: connection refused ` +
        `(tried [::1]:${port}, 127.0.0.1:${port})\n`,
    );
  },
});

Deno.test("localhost reaches a server that has IPv4 alone", async () => {
  await using server = await Server.start(["-q"]);
  const { text } = await netecho(["client", "localhost", String(server.port)], { input: "hi" });
  assertEquals(text, "hi");
});

Deno.test("a name that does not resolve is one line and exit 1", async () => {
  // RFC 6761 section 6.4: .invalid never exists.
  const { code, stderr } = await netecho(["client", "no-such-host.invalid:80"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^netecho: Cannot resolve no-such-host\.invalid: .*\n$/);
});

Deno.test({
  ...needing(
    ["unshare", "ip"],
    "a peer that never answers: --connect-timeout names what was tried",
  ),
  async fn() {
    // In a network namespace of its own: an interface with nobody at its other end, and ARP off,
    // so that a SYN leaves and nothing comes back.
    const client = netechoShell(["client", "198.51.100.7:80", "--connect-timeout", "300ms"]);
    const setup = "ip link add v0 type veth peer name v1 && ip link set v1 up && " +
      "ip link set v0 arp off up && ip addr add 198.51.100.1/24 dev v0";
    const { code, stderr } = await bash(
      `unshare -rn sh -c "${setup} && exec ${client} </dev/null"`,
    );
    assertEquals([code, stderr], [
      1,
      "netecho: Cannot connect to tcp://198.51.100.7:80: no answer within 300 ms " +
      "(tried 198.51.100.7:80)\n",
    ]);
  },
});

Deno.test({
  ...needingNamespace("a network that is unreachable is one line and exit 1"),
  async fn() {
    const client = netechoShell(["client", "198.51.100.7:80"]);
    const { code, stderr } = await bash(`unshare -rn sh -c "exec ${client} </dev/null"`);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "198.51.100.7:80: network unreachable (tried 198.51.100.7:80)\n");
  },
});

Deno.test({
  ...needingNamespace("where IPv6 is off, an address without a host serves IPv4 alone"),
  async fn() {
    const server = netechoShell(["server", ":0", "--once"]);
    const script = `echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up;
      exec 3< <(${server}); read line <&3; echo "$line"; port=\${line##*:}
      exec 4<>/dev/tcp/127.0.0.1/$port; echo hello >&4; read back <&4; echo "$back"`;
    const { text } = await runProgram(["unshare", ["-rn", "bash", "-c", script]]);
    assertMatch(text, /^listening tcp:\/\/.*:\d+\nhello\n$/);
  },
});

Deno.test({
  ...onLinux("payload piped to a terminal is sanitised, line ends are kept", ["script"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const client = netechoShell(["client", "127.0.0.1", String(server.port)]);
    const command = `printf 'one\\033[2J\\ntwo\\303\\251\\n' | ${client}`;
    const { text } = await runProgram(["script", ["-qec", command, "/dev/null"]]);
    assertStringIncludes(text, "one\\x1b[2J\r\ntwoé\r\n");
  },
});

Deno.test({
  ...onLinux("--progress tells what a pipe waits for, and that it goes on", ["stdbuf"]),
  async fn() {
    await using server = await Server.start(["-q"]);
    const client = netechoShell(["client", `127.0.0.1:${server.port}`, "--progress", "always"]);
    const lines = `${client} 2> >(stdbuf -oL tr '\\r' '\\n') >/dev/null`;
    await using running = new Running(["bash", ["-c", lines]], { stdin: "piped" });
    const input = running.stdin.getWriter();
    await input.write(new TextEncoder().encode("hello"));
    await running.line(/2 s: 5 B sent, 5 B received, .*; waiting for stdin$/);
    await input.close();
    assertEquals((await running.end()).code, 0);
  },
});
