/** The classic services, by the words of their RFCs. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { netecho, Server } from "../support/programs.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { readAll, readExactly, writeAll } from "../support/connections.ts";

function serve(service: string, args: readonly string[] = []): Promise<Server> {
  return Server.start(["--json", "--service", service, ...args]);
}

async function closing(server: Server): Promise<Record<string, unknown>> {
  return JSON.parse(await server.line(/"event":"closed"/));
}

Deno.test('RFC 863: "once a connection is established any data received is thrown away. No response is sent. This continues until the calling user terminates the connection"', async () => {
  await using server = await serve("discard", ["--show", "none"]);
  const conn = await server.connect();
  await writeAll(conn, randomBytes(5_000_000));
  await conn.closeWrite();
  assertEquals((await readAll(conn)).length, 0);
  conn.close();
  const { received, sent, reason } = await closing(server);
  assertEquals([received, sent, reason], [5_000_000, 0, "eof"]);
});

Deno.test("RFC 864: 72-character lines of the ASCII printing characters, each one character further", async () => {
  await using server = await serve("chargen");
  const conn = await server.connect();
  const text = new TextDecoder().decode(await readExactly(conn, 74 * 1000));
  conn.close();
  const lines = text.split("\r\n").slice(0, -1);
  assertEquals(lines.length, 1000);
  // "There are 95 printing characters in the ASCII character set"
  const ring = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");
  for (const [index, line] of lines.entries()) {
    assertEquals(line, (ring + ring).slice(index % 95, index % 95 + 72));
  }
  // The first and the last line of the example in the RFC, but for the space that begins the ring.
  assertEquals(
    lines[1],
    "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh",
  );
});

Deno.test('RFC 864: "any data received is thrown away", and the reader sets the pace', async () => {
  await using server = await serve("chargen", ["--show", "none"]);
  const slow = await server.connect();
  const other = await server.connect();
  await writeAll(slow, randomBytes(1_000_000)); // taken, though nothing has been read
  await readExactly(other, 20_000_000);
  other.close();
  await readExactly(slow, 1000);
  // "until the calling user terminates the connection"
  await slow.closeWrite();
  await readAll(slow);
  slow.close();
  await server.line({ test: (line) => /"closed".*"received":1000000,.*"eof"/.test(line) });
});

Deno.test('RFC 867: "the current date and time is sent out the connection as a ascii character string (and any data received is thrown away). The service closes the connection after sending the quote"', async () => {
  await using server = await serve("daytime");
  const before = Math.floor(Date.now() / 1000);
  const conn = await server.connect();
  await writeAll(conn, randomBytes(100));
  const text = new TextDecoder().decode(await readAll(conn));
  conn.close();
  // "Weekday, Month Day, Year Time-Zone", as in "Tuesday, February 22, 1982 17:37:43-PST"
  assertMatch(text, /^[A-Z]\w+day, [A-Z]\w+ \d{1,2}, \d{4} \d\d:\d\d:\d\d-UTC\r\n$/);
  const told = Date.parse(text.replace(/^\w+, /, "").replace("-UTC\r\n", " UTC")) / 1000;
  assert(told >= before && told <= Date.now() / 1000);
});

Deno.test('RFC 868: "send the time as a 32 bit binary number", "the number of seconds since 00:00 (midnight) 1 January 1900 GMT", then "the server closes its end"', async () => {
  await using server = await serve("time");
  const before = Math.floor(Date.now() / 1000);
  const conn = await server.connect();
  const bytes = await readAll(conn);
  conn.close();
  assertEquals(bytes.length, 4);
  // "the time 2,208,988,800 corresponds to 00:00  1 Jan 1970 GMT"
  const told = new DataView(bytes.buffer).getUint32(0) - 2_208_988_800;
  assert(told >= before && told <= Date.now() / 1000);
});

Deno.test("reply: at once, or after the first bytes, whole, and then a FIN", async () => {
  const file = await Deno.makeTempFile();
  const answer = randomBytes(3_000_000);
  await Deno.writeFile(file, answer);
  await using atOnce = await serve("reply", ["--reply-file", file]);
  await using after = await serve("reply", ["--reply", "hi\\r\\n\\x00é", "--reply-after", "data"]);
  await Deno.remove(file);

  const one = await atOnce.connect();
  await writeAll(one, randomBytes(100_000)); // unread bytes must not turn the FIN into a reset
  assertEquals(await sha256(await readAll(one)), await sha256(answer));
  one.close();

  const two = await after.connect();
  await writeAll(two, new Uint8Array([1]));
  assertEquals(await readAll(two), new TextEncoder().encode("hi\r\n\0é"));
  two.close();
  const silent = await after.connect();
  await silent.closeWrite();
  assertEquals((await readAll(silent)).length, 0);
  silent.close();
});

Deno.test("reply: a peer that sends all before it reads gets its answer all the same", async () => {
  const file = await Deno.makeTempFile();
  const answer = randomBytes(30_000_000);
  await Deno.writeFile(file, answer);
  await using server = await serve("reply", ["--reply-file", file, "--show", "none"]);
  await Deno.remove(file);
  const conn = await server.connect();
  await writeAll(conn, new Uint8Array(30_000_000));
  assertEquals(await sha256(await readAll(conn)), await sha256(answer));
  conn.close();
});

Deno.test("ADDRESS=SERVICE gives each listener its own, on any transport", async () => {
  const path = `${await Deno.makeTempDir()}/a=b.sock`;
  const unix = Deno.build.os === "windows" ? [] : [`unix:${path}=time`];
  await using server = await Server.start(
    ["127.0.0.1:0=daytime", "127.0.0.1:0", "udp://127.0.0.1:0=echo", ...unix, "--json", "-q"],
    "127.0.0.1:0=discard",
  );
  await server.line({ test: () => server.lines.length === 4 + unix.length });
  const [discard, daytime, echo, udp] = server.events.map(({ address }) => String(address));
  const ask = async (address: string) => {
    const { text } = await netecho(["client", address], { input: "hello\n" });
    return text;
  };
  const answers = [await ask(discard!), await ask(echo!), await ask(udp!)];
  assertEquals(answers, ["", "hello\n", "hello\n"]);
  assertMatch(await ask(daytime!), /UTC\r\n$/);
  if (unix.length > 0) assertEquals((await ask(`unix:${path}`)).length > 0, true);
  await server.stop();
  await Deno.remove(path.replace("/a=b.sock", ""), { recursive: true });
});
