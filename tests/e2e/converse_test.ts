import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bash, netecho, netechoShell, Server } from "../support/programs.ts";
import { needing, withoutWine } from "../support/skips.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { readAll } from "../support/connections.ts";

/** A peer that greets, and answers each line by a rule. */
function startMail() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const said: string[] = [];
  const serving = (async () => {
    using conn = await listener.accept();
    const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
    const say = (text: string) => conn.write(encoder.encode(text));
    await say("220 mail.example re");
    await say("ady\r\n");
    const buffer = new Uint8Array(1024);
    for (let length = await conn.read(buffer); length; length = await conn.read(buffer)) {
      const line = decoder.decode(buffer.subarray(0, length));
      said.push(line);
      if (line.startsWith("QUIT")) return void await say("221 bye\r\n");
      await say(line.startsWith("HELO") ? "250-first\r\n250 last\r\n" : "500 what?\x1b[2J\r\n");
    }
  })();
  return {
    at: `127.0.0.1:${listener.addr.port}`,
    said,
    async [Symbol.asyncDispose]() {
      await serving;
      listener.close();
    },
  };
}

Deno.test("a conversation: say and expect, in the order of the command line", async () => {
  await using mail = startMail();
  const { code, text, stderr } = await netecho([
    ...["client", mail.at, "--expect", "220", "--expect=ready\\r\\n", "--send", "HELO me\\r\\n"],
    ...["--expect", "/^250 .*\\r\\n/m", "--send", "QUIT\\r\\n", "--expect", "221"],
  ]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(text, "220 mail.example ready\r\n250-first\r\n250 last\r\n221 bye\r\n");
  assertEquals(mail.said, ["HELO me\r\n", "QUIT\r\n"]);
});

Deno.test("what came instead is told, safely, and is exit 1", async () => {
  await using mail = startMail();
  const { code, stderr } = await netecho([
    ...["client", mail.at, "--expect", "220 ", "--send", "EHLO\\r\\n", "--expect", "250"],
    ...["--timeout", "300ms"],
  ]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^netecho: Expected "250" within 300 ms; what came: ".*500 what\?\\x1b\[2J\\r\\n"\n$/,
  );

  await using reply = await Server.start(["-q", "--service", "reply", "--reply", "hi"]);
  const closed = await netecho(["client", `127.0.0.1:${reply.port}`, "--expect", "hello"]);
  assertEquals(closed.code, 1);
  assertStringIncludes(closed.stderr, 'Expected "hello" before the peer closed; what came: "hi"');
});

Deno.test("--send alone half-closes, and shows what the peer answers", async () => {
  await using echo = await Server.start(["-q"]);
  const at = `127.0.0.1:${echo.port}`;
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, new Uint8Array([0, 255, 128]));
  const { code, stdout } = await netecho(
    ["client", at, "--send", "a\\x00b", "--send-file", file, "--send", "\\n"],
  );
  await Deno.remove(file);
  assertEquals([code, [...stdout]], [0, [97, 0, 98, 0, 255, 128, 10]]);
  const bytes = await netecho(["client", at, "--send", "\\x80\\xff", "--expect", "/\\x80./"]);
  assertEquals(bytes.code, 0, bytes.stderr);
});

Deno.test("a conversation: what is refused", async () => {
  for (
    const [args, message] of [
      [["--send", "\\q"], "is none of"],
      [["--expect", "/(/"], "no regular expression"],
      [["--send-file", "/nowhere/x"], "no such file"],
      [["--send", "x", "--verify"], "it is for pipe mode"],
    ] as const
  ) {
    const { code, stderr } = await netecho(["client", ":1", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
});

Deno.test({
  ...withoutWine("more is said than fits on the way: the answers are read meanwhile"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const bytes = randomBytes(30_000_000);
    const file = await Deno.makeTempFile();
    await Deno.writeFile(file, bytes);
    const { code, stdout, stderr } = await netecho([
      ...["client", `127.0.0.1:${server.port}`, "--send-file", file],
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await sha256(stdout), await sha256(bytes));
    await Deno.remove(file);
  },
});

Deno.test("a peer that never reads is exit 1, in time", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, new Uint8Array(30_000_000));
  const running = netecho([
    ...["client", `127.0.0.1:${listener.addr.port}`, "--send-file", file, "--timeout", "200ms"],
  ]);
  using _conn = await listener.accept();
  const { code, stderr } = await running;
  assertEquals(code, 1);
  assertMatch(stderr, /^netecho: The peer takes no more after [\d,]+ bytes, for 200 ms\n$/);
  listener.close();
  await Deno.remove(file);
});

Deno.test("after the last thing said all is read to the end, or for --linger", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const talk = ["client", `127.0.0.1:${listener.addr.port}`, "--send", "go"];
  const patient = netecho(talk);
  const conn = await listener.accept();
  assertEquals(new TextDecoder().decode(await readAll(conn)), "go"); // it has half-closed
  await conn.write(new TextEncoder().encode("late"));
  conn.close();
  assertEquals((await patient).text, "late");

  const impatient = netecho([...talk, "--linger", "10ms"]);
  using silent = await listener.accept();
  assertEquals((await impatient).code, 0);
  assertEquals(new TextDecoder().decode(await readAll(silent)), "go");
  listener.close();
});

Deno.test({
  ...needing(["bash", "wc"], "what was expected is shown whole before the program ends"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const file = await Deno.makeTempFile();
    await Deno.writeFile(file, new Uint8Array(3_000_000).fill(0x2e));
    const talk = ["--send-file", file, "--send", "end", "--expect", "end"];
    const command = netechoShell(["client", `127.0.0.1:${server.port}`, ...talk]);
    const { text, stderr } = await bash(`${command} | (sleep 1; wc -c)`); // it reads that late
    assertEquals([text.trim(), stderr], ["3000003", ""]);
    await Deno.remove(file);
  },
});
