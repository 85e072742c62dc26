import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  bash,
  netecho,
  netechoCommand,
  netechoShell,
  Running,
  Server,
} from "../support/programs.ts";
import { needing, withSystemCalls } from "../support/skips.ts";
import { pcap } from "../support/pcap.ts";
import { randomBytes } from "../support/bytes.ts";
import { withFolder } from "../support/system.ts";
import { Authority } from "../support/pki.ts";

/** What a replay says, without the stream that it names. */
function verdictOf(stderr: string): string {
  return stderr.replace(/^replayed stream \d+, client \S+: /, "replayed: ");
}

const CAPTURES = new URL("../testdata/captures/", import.meta.url).pathname;

/** A capture of a client that sends lines, one after the answer to the other. */
async function record(folder: string, lines: readonly string[]): Promise<string> {
  const file = `${folder}/session.pcapng`;
  await using server = await Server.start(["-q"]);
  const talk = lines.flatMap((line) => ["--send", line, "--expect", line]);
  const { code } = await netecho([
    "client",
    `127.0.0.1:${server.port}`,
    ...talk,
    "--capture",
    file,
  ]);
  assertEquals(code, 0);
  return file;
}

Deno.test("replay: the client's side again, over another transport, and its answers compared", () =>
  withFolder(async (folder) => {
    const file = await record(folder, ["one", "two", "three"]);
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const args = ["server", "tls://127.0.0.1:0", "--cert", cert, "--key", key, "--json"];
    await using server = new Running(netechoCommand(args));
    const { port } = JSON.parse(await server.line(/"listening"/));
    const { code, text, stderr } = await netecho([
      ...["client", `tls://127.0.0.1:${port}`, "--ca", authority.ca, "--servername", "localhost"],
      ...["--replay", file, "--speed", "max", "--verify"],
    ]);
    assertEquals({ code, text }, { code: 0, text: "onetwothree" });
    assertEquals(verdictOf(stderr), "replayed: 11 bytes sent, 11 bytes received, as recorded\n");
    await server.line(/"closed"/);
    const payloads = server.lines.map((line) => JSON.parse(line)).filter(({ event }) =>
      event === "data"
    );
    // Each waits for the answer to the one before it, as it did when it was recorded.
    assertEquals(payloads.map(({ text }) => text), ["one", "two", "three"]);
  }));

Deno.test("replay: an answer that differs is exit 1 with --verify, and counted without", () =>
  withFolder(async (folder) => {
    const file = await record(folder, ["hello", "x\x1b"]);
    await using server = await Server.start(["-q", "--service", "reply", "--reply", "help\\x1b"]);
    const replay = ["client", `127.0.0.1:${server.port}`, "--replay", file, "--speed", "max"];
    const verified = await netecho([...replay, "--verify"]);
    assertEquals(verified.code, 1);
    assertEquals(
      verified.stderr,
      "netecho: The answer differs from the recording at offset 3: p\\x1b came, " +
        "lox\\x1b was recorded\n",
    );
    const counted = await netecho([...replay, "--timeout", "100ms"]);
    assertEquals(counted.code, 0);
    assertStringIncludes(counted.stderr, "5 bytes received; 7 bytes were recorded");
    const short = await Server.start(["-q", "--service", "reply", "--reply", "hel"]);
    await using _ = short;
    const { code, stderr } = await netecho([
      ...["client", `127.0.0.1:${short.port}`, "--replay", file, "--verify"],
    ]);
    assertEquals(code, 1);
    assertMatch(stderr, /answered 3 of the 5 bytes that were recorded before it closed\n$/);
  }));

Deno.test("replay: a peer that says nothing is given up in time", () =>
  withFolder(async (folder) => {
    const file = await record(folder, ["hello"]);
    await using server = await Server.start(["-q", "--service", "discard"]);
    const replay = ["client", `127.0.0.1:${server.port}`, "--replay", file, "--timeout", "100ms"];
    const { code, stderr } = await netecho([...replay, "--verify"]);
    assertEquals(code, 1);
    assertMatch(stderr, /answered 0 of the 5 bytes that were recorded within 100 ms\n$/);
    const tolerant = await netecho(replay);
    assertEquals(tolerant.code, 0);
    assertEquals(
      verdictOf(tolerant.stderr),
      "replayed: 5 bytes sent, 0 bytes received; 5 bytes were recorded\n",
    );
  }));

Deno.test("replay: much in both directions, as a server captured it, to its end", () =>
  withFolder(async (folder) => {
    const file = `${folder}/server.pcapng`;
    const bytes = randomBytes(3_000_000);
    {
      await using recorder = await Server.start(["-q", "--capture", file]);
      await netecho(["client", `127.0.0.1:${recorder.port}`, "--recv-only", "--linger", "0"]);
      await netecho(["client", `127.0.0.1:${recorder.port}`], { input: bytes });
      await recorder.stop();
    }
    await using server = await Server.start(["-q"]);
    const args = ["--replay", file, "--speed", "max", "--verify"];
    const { code, stdout, stderr } = await netecho(["client", `127.0.0.1:${server.port}`, ...args]);
    assertEquals([code, verdictOf(stderr)], [
      0,
      "replayed: 3,000,000 bytes sent, 3,000,000 bytes received, as recorded\n",
    ]);
    assertEquals(stdout, bytes);
  }));

Deno.test("replay: datagrams", () =>
  withFolder(async (folder) => {
    const file = `${folder}/udp.pcapng`;
    await using server = await Server.start(["--json"], "udp://127.0.0.1:0");
    const to = `udp://127.0.0.1:${server.port}`;
    const once = await netecho(["client", to, "--verify", "--capture", file], {
      input: "one\ntwo\n",
    });
    assertEquals(once.code, 0);
    const { code, stderr } = await netecho(["client", to, "--replay", file, "--verify"]);
    assertEquals([code, verdictOf(stderr)], [
      0,
      "replayed: 8 bytes sent, 8 bytes received, as recorded\n",
    ]);
    await server.line(/"event":"data".*"connection":2/);
    const data = server.events.filter(({ event }) => event === "data");
    assertEquals(data.map(({ text }) => text), ["one\ntwo\n", "one\ntwo\n"]);
    const tcp = await netecho(["client", `127.0.0.1:${server.port}`, "--replay", file]);
    assertEquals([tcp.code, tcp.stderr], [
      2,
      `netecho: Option --replay: ${file} has no stream whose client says something; it has 0 TCP streams\n`,
    ]);
  }));

Deno.test({
  ...needing(["editcap"], "replay: pcap, and a capture that lacks packets"),
  fn: () =>
    withFolder(async (folder) => {
      const file = await record(folder, ["one", "two"]);
      const env = { FILE: file, PCAP: `${folder}/s.pcap`, HOLES: `${folder}/h.pcapng` };
      // The fourth packet is the first with payload.
      const made = await bash('editcap -F pcap "$FILE" "$PCAP" && editcap "$FILE" "$HOLES" 4', {
        env,
      });
      assertEquals(made.code, 0, made.stderr);
      await using server = await Server.start(["-q"]);
      const to = ["client", `127.0.0.1:${server.port}`, "--verify", "--replay"];
      const pcap = await netecho([...to, env.PCAP]);
      assertEquals([pcap.code, pcap.text], [0, "onetwo"]);
      const holes = await netecho([...to, env.HOLES]);
      assertEquals(holes.code, 2);
      assertMatch(
        holes.stderr,
        /lacks some of what 127\.0\.0\.1:\d+ and .* said; capture whole packets\n$/,
      );
    }),
});

Deno.test("replay: options that make no sense", () =>
  withFolder(async (folder) => {
    const file = await record(folder, ["one"]);
    for (
      const [args, error] of [
        [["--replay", file, "--stream", "7"], "has no stream of number 7; it has 1 TCP stream"],
        [["--replay", file, "--stream", "-1"], "the number of a stream, from 0 on, is needed"],
        [["--replay", file, "--speed", "0"], "a number above 0, or max, is needed"],
        [["--speed", "2"], "--replay"],
        [["--replay", `${folder}/none`], "no such file"],
        [["--replay", file, "--crlf"], "Option --crlf does not apply with --replay"],
      ] as const
    ) {
      const { code, stderr } = await netecho(["client", "127.0.0.1:1", ...args]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, error);
      assertEquals(stderr.trim().split("\n").length, 1);
    }
  }));

Deno.test({
  ...withSystemCalls(
    "replay: a reset that was recorded is one, after the answers and not before them",
  ),
  fn: () =>
    withFolder(async (folder) => {
      const file = `${folder}/reset.pcapng`;
      const resets = ["--fault", "reset_peer:300ms", "-q"];
      await using recorder = await Server.start(resets);
      const to = (port: number) => ["client", `127.0.0.1:${port}`];
      const broken = await netecho([...to(recorder.port), "--capture", file], {
        input: async (writer) => {
          await writer.write(new TextEncoder().encode("ask"));
          await new Promise((resolve) => writer.closed.then(resolve, resolve));
        },
      });
      assertEquals([broken.code, broken.text], [1, "ask"]);
      const again = await netecho([...to(recorder.port), "--replay", file, "--verify"]);
      assertEquals([again.code, again.text], [0, "ask"]);
      await using early = await Server.start(["--fault", "reset_peer:0", "-q"]);
      const failed = await netecho([...to(early.port), "--replay", file, "--verify"]);
      assertEquals(failed.code, 1);
    }),
});

Deno.test("replay: a slow reader of stdout gets all of it, and the peer is not blamed", () =>
  withFolder(async (folder) => {
    const file = `${folder}/talk.pcapng`;
    await using server = await Server.start(["-q"]);
    const to = `127.0.0.1:${server.port}`;
    await Deno.writeFile(`${folder}/bytes`, new Uint8Array(3_000_000).fill(0x2e));
    const said = ["--send-file", `${folder}/bytes`, "--send", "end", "--expect", "end"];
    await netecho(["client", to, ...said, "--capture", file]);
    const command = netechoShell(["client", to, "--replay", file, "--timeout", "100ms"]);
    const { text, stderr } = await bash(`${command} | (sleep 1; wc -c)`); // it is that slow
    assertEquals([text.trim(), verdictOf(stderr)], [
      "3000003",
      "replayed: 3,000,003 bytes sent, 3,000,003 bytes received; 3,000,003 bytes were recorded\n",
    ]);
  }));

Deno.test("replay: a peer that never reads is exit 1, in time", () =>
  withFolder(async (folder) => {
    const file = `${folder}/much.pcapng`;
    await using server = await Server.start(["-q", "--service", "discard"]);
    const input = new Uint8Array(30_000_000);
    await netecho(["client", `127.0.0.1:${server.port}`, "--capture", file], { input });
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const args = ["--replay", file, "--speed", "max", "--timeout", "200ms"];
    const running = netecho(["client", `127.0.0.1:${listener.addr.port}`, ...args]);
    using _conn = await listener.accept();
    const { code, stderr } = await running;
    assertEquals(code, 1);
    assertMatch(stderr, /^netecho: The peer takes no more after [\d,]+ bytes, for 200 ms\n$/);
    listener.close();
  }));

Deno.test("replay --streams lists the connections of a capture", async () => {
  const list = async (name: string) => {
    const { code, text, stderr } = await netecho([
      ...["client", "--streams", "--replay", `${CAPTURES}${name}`],
    ]);
    return { code, lines: text.trim().split("\n"), stderr };
  };
  assertEquals(await list("syn-after-reset.pcap"), {
    code: 0,
    lines: [
      "tcp 0  192.0.2.1:40000 to 192.0.2.2:80: 4 bytes sent, 4 bytes received",
      "tcp 1  192.0.2.1:40001 to 192.0.2.2:80: 7 bytes sent, 0 bytes received",
    ],
    stderr: "",
  });
  const [midway] = (await list("midstream-server-first.pcap")).lines;
  assertMatch(midway!, /10 bytes sent, 25 bytes received, begins midway$/);
  const cut = await list("cut-before-two.pcap");
  assertEquals(cut.code, 1);
  assertMatch(
    cut.stderr,
    /there may be more in .*: the file ends, or is damaged, within the packet/,
  );
});

Deno.test("replay: a part of a capture is never called the whole", () =>
  withFolder(async (folder) => {
    await using server = await Server.start(["-q", "--service", "discard"]);
    const replay = async (file: string, ...args: string[]) => {
      const to = `127.0.0.1:${server.port}`;
      return await netecho(["client", to, "--timeout", "500ms", ...args, "--replay", file]);
    };
    const cut = await replay(`${CAPTURES}cut-before-two.pcap`);
    assertEquals(cut.code, 1);
    assertMatch(
      cut.stderr,
      /^netecho: Replayed stream 0, client 192.0.2.1:40000: 4 bytes sent, .*; there may be more in /,
    );
    const midway = await replay(`${CAPTURES}midstream-server-first.pcap`);
    assertEquals(midway.code, 0);
    assertMatch(
      midway.stderr,
      /^replayed stream 0, client \S+, which begins midway: 10 bytes sent/,
    );
    // The same in gzip, whole and not.
    const bytes = await Deno.readFile(`${CAPTURES}pppoe.pcap`);
    const packed = await gzip(bytes);
    await Deno.writeFile(`${folder}/whole.gz`, packed);
    const whole = await replay(`${folder}/whole.gz`, "--speed", "max");
    assertEquals(whole.code, 0);
    assertMatch(whole.stderr, /: 8 bytes sent, 0 bytes received; 8 bytes were recorded$/m);
    await Deno.writeFile(`${folder}/part.gz`, packed.subarray(0, -20));
    const part = await replay(`${folder}/part.gz`);
    assertEquals(part.code, 1);
    assertStringIncludes(part.stderr, "the file is not whole as gzip");
    await Deno.writeFile(`${folder}/header.gz`, packed.subarray(0, 10));
    const none = await replay(`${folder}/header.gz`);
    assertEquals(none.code, 2);
    assertStringIncludes(none.stderr, "header.gz: the file is not whole as gzip");
    // Two members, as `cat` makes them, are one file; what follows them is none.
    const members = concat([await gzip(bytes.slice(0, 100)), await gzip(bytes.slice(100))]);
    const listing = "tcp 0  192.0.2.1:40000 to 192.0.2.2:80: 8 bytes sent, 8 bytes received\n";
    for (const [rest, code] of [[[], 0], [[0, 0], 0], [[7], 1], [[0, 7], 1]] as const) {
      await Deno.writeFile(`${folder}/members.gz`, concat([members, new Uint8Array(rest)]));
      const listed = await netecho(["client", "--replay", `${folder}/members.gz`, "--streams"]);
      assertEquals([listed.code, listed.text], [code, listing], listed.stderr);
    }
    // An answer that was not recorded is one that differs.
    await using echo = await Server.start(["-q"]);
    const echoed = await netecho([
      ...["client", `127.0.0.1:${echo.port}`, "--verify"],
      ...["--replay", `${CAPTURES}gap-60-days.pcap`, "--speed", "max"],
    ]);
    assertEquals(echoed.code, 1);
    // The echo of the first line may come alone.
    assertMatch(echoed.stderr, /: one\\n(two\\n)? came, nothing more was recorded$/m);
    // What could not be read is told also where nothing can be played.
    await Deno.writeFile(`${folder}/own.pcap`, pcap([new Uint8Array(60)], { link: 147 }));
    const nothing = await replay(`${folder}/own.pcap`);
    assertEquals(nothing.code, 2);
    assertMatch(
      nothing.stderr,
      /it has 0 TCP streams; there may be more .* of link type 147, which/,
    );
  }));

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packing = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packing).arrayBuffer());
}
