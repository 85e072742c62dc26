/** A person at a terminal: the client under a real pseudo-terminal. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { netechoShell, Running, Server } from "../support/programs.ts";
import { onLinux } from "../support/skips.ts";
import { randomBytes } from "../support/bytes.ts";
import { Tmux } from "../support/tmux.ts";

// What a line of the terminal's output leaves on its screen: what was erased and all escapes go.
function onScreen(raw: string): string {
  return raw.replace(/^.*\x1b\[0J/, "").replace(/\x1b\[[\d;?]*[A-Za-z]|\r/g, "");
}

const CTRL_C = "\x03";
const CTRL_D = "\x04";

/** `script` gives a program a terminal; what the test writes are the keys. */
class Typist implements AsyncDisposable {
  readonly #script: Running;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;

  constructor(args: readonly string[]) {
    const client = `${netechoShell(["client", ...args])}; echo exit code $?`;
    this.#script = new Running(["script", ["-qfec", client, "/dev/null"]], { stdin: "piped" });
    this.#keys = this.#script.stdin.getWriter();
  }

  type(keys: string): Promise<void> {
    return this.#keys.write(new TextEncoder().encode(keys));
  }

  /** The first line that matches, free of escape sequences. */
  async sees(pattern: RegExp): Promise<string> {
    const line = await this.#script.line({ test: (raw) => pattern.test(onScreen(raw)) });
    return onScreen(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keys.close().catch(() => {});
    await this.#script[Symbol.asyncDispose]();
  }
}

function session(
  name: string,
  body: (typist: Typist, server: Server) => Promise<void>,
  args: readonly string[] = [],
): void {
  Deno.test({
    ...onLinux(name, ["script"]),
    async fn() {
      await using server = await Server.start(["--grace", "0"]);
      await using typist = new Typist(["127.0.0.1", String(server.port), ...args]);
      await typist.sees(/^connected to tcp:/);
      await body(typist, server);
    },
  });
}

session("a line comes back with its size and its time", async (typist) => {
  await typist.type("hello\r");
  const answer = await typist.sees(/echo: hello/);
  assertMatch(answer, /^read 6 bytes in \d+(\.\d+)? ms, echo: hello$/);
});

session("an empty line is sent as a newline and comes back", async (typist, server) => {
  await typist.type("\r");
  assertMatch(await typist.sees(/^read/), /^read 1 byte in .* ms, echo: $/);
  await server.line(/#1 < 1 byte: \\n$/);
});

session("--crlf ends the line with CR LF", async (typist, server) => {
  await typist.type("hi\r");
  assertMatch(await typist.sees(/^read/), /^read 4 bytes in .* ms, echo: hi$/);
  await server.line(/#1 < 4 bytes: hi\\r\\n$/);
}, ["--crlf"]);

session("messages of every length stay in step", async (typist) => {
  for (const length of [127, 128, 129, 1, 300, 50_000, 2]) {
    const message = randomBytes(length, length).toHex().slice(0, length);
    await typist.type(`${message}\r`);
    const answer = await typist.sees(new RegExp(`^read ${(length + 1).toLocaleString("en")} byte`));
    assertStringIncludes(answer, `echo: ${message.slice(0, 1000)}`);
  }
});

session("an escape sequence that is typed does not come back raw", async (typist) => {
  await typist.type("\x16\x1bPx\x9b31m\u202ey\r"); // a DCS that a terminal would obey
  const answer = await typist.sees(/echo: /);
  assertEquals(/[\x00-\x1f\x7f-\x9f\u202e]/.test(answer), false, answer);
});

session("Ctrl-D half-closes; the session ends when the peer has finished", async (typist) => {
  await typist.type("last\r");
  await typist.sees(/echo: last/);
  await typist.type(CTRL_D);
  await typist.sees(/^closed by the peer/);
  assertEquals(await typist.sees(/^exit code/), "exit code 0");
});

session("Ctrl-C leaves with 0", async (typist) => {
  await typist.type(`unfinished${CTRL_C}`);
  assertEquals(await typist.sees(/exit code/), "exit code 0");
});

session("the peer that goes away ends the session with one line", async (typist, server) => {
  await typist.type("half a li");
  await server.stop();
  await typist.sees(/^closed by the peer/);
  await typist.sees(/exit code 0$/); // what was not read yet may stand before it
});

Deno.test({
  ...onLinux("what arrives unasked is shown, and what is being typed stays", ["script"]),
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using typist = new Typist([`127.0.0.1:${listener.addr.port}`]);
    using conn = await listener.accept();
    await typist.sees(/^connected/);
    await conn.write(new TextEncoder().encode("220 ready\x1b[2J\r\n"));
    await typist.sees(/^read 15 bytes: 220 ready\\x1b\[2J$/);
    await typist.type("typ");
    await conn.write(new TextEncoder().encode("two\nlines\n"));
    await typist.sees(/^lines$/);
    await typist.type("ed\r");
    const received = new Uint8Array(100);
    const length = await conn.read(received);
    assertEquals(new TextDecoder().decode(received.subarray(0, length!)), "typed\n");
    await conn.write(new TextEncoder().encode("250 typical\r\n"));
    assertMatch(await typist.sees(/250 typical/), /^read 13 bytes in [\d.]+ m?s: 250 typical$/);
  },
});

Deno.test({
  ...onLinux("an option of the pipe mode makes a terminal a pipe", ["script"]),
  async fn() {
    await using server = await Server.start(["--service", "daytime"]);
    await using typist = new Typist([`127.0.0.1:${server.port}`, "--recv-only"]);
    await typist.sees(/^\w+, \w+ \d+, \d+ [\d:]{8}-UTC/);
    assertEquals(await typist.sees(/^exit code/), "exit code 0");
  },
});

Deno.test({
  ...onLinux("a terminal that cannot move its cursor gets no escapes, and lines go as typed", [
    "script",
  ]),
  async fn() {
    await using server = await Server.start(["--grace", "0"]);
    const client = `TERM=dumb ${
      netechoShell(["client", `127.0.0.1:${server.port}`])
    }; echo code $?`;
    await using terminal = new Running(["script", ["-qfec", client, "/dev/null"]], {
      stdin: "piped",
    });
    const keys = terminal.stdin.getWriter();
    const type = (text: string) => keys.write(new TextEncoder().encode(text));
    await terminal.line(/connected to tcp:/);
    await type("hello\r");
    await server.line(/< 6 bytes: hello\\n$/);
    await terminal.line(/read 6 bytes in .*, echo: hello/);
    await type("one\rtwo\r");
    for (const line of ["one", "two"]) await terminal.line(new RegExp(`echo: ${line}`));
    await type(CTRL_D);
    await terminal.line(/code 0/);
    assertEquals(terminal.lines.filter((line) => line.includes("\x1b")), []);
    await keys.close();
  },
});

Deno.test({
  ...onLinux("a pasted line that wraps is drawn once, whatever is done to it", ["tmux"]),
  async fn() {
    await using server = await Server.start(["--grace", "0"]);
    const client = netechoShell(["client", `127.0.0.1:${server.port}`]);
    await using terminal = await Tmux.start(client, { columns: 80, rows: 20 });
    await terminal.shows((lines) => lines.at(-1) === ">");
    const text = "abcdefghij".repeat(20); // three rows
    await terminal.paste(text);
    await terminal.shows((lines) => lines.slice(1).join("") === `> ${text}`);
    await terminal.press("BSpace", "Left", "X");
    const edited = `${text.slice(0, -2)}X${text.at(-2)}`;
    await terminal.shows((lines) => lines.slice(1).join("") === `> ${edited}`);
    await terminal.press("Enter");
    await server.line(/< 201 bytes: /);
    await terminal.shows((lines) => lines.join("").endsWith(`echo: ${edited}>`));
  },
});

Deno.test({
  ...onLinux("what the peer says stands above a line that wraps", ["tmux"]),
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const client = netechoShell(["client", `127.0.0.1:${listener.addr.port}`]);
    await using terminal = await Tmux.start(client, { columns: 80, rows: 20 });
    using peer = await listener.accept();
    listener.close();
    await terminal.shows((lines) => lines.at(-1) === ">");
    const text = "abcdefghij".repeat(20);
    for (const piece of text.match(/.{10}/g)!) await terminal.press(...piece);
    await terminal.shows((lines) => lines.slice(1).join("") === `> ${text}`);
    const said: string[] = [];
    const say = async (line: string) => {
      await peer.write(new TextEncoder().encode(`${line}\n`));
      said.push(`read ${line.length + 1} bytes: ${line}`);
      await terminal.shows((lines) => {
        const above = lines.slice(-said.length - rowsOf(text), -rowsOf(text));
        return above.join() === said.join() && lines.slice(-rowsOf(text)).join("") === `> ${text}`;
      });
    };
    let columns = 80;
    const rowsOf = (line: string) => Math.ceil((line.length + 2) / columns);
    await say("one");
    await say("two");
    for (columns of [50, 90, 30, 100]) {
      await terminal.resize(columns);
      await terminal.shows((lines) => lines.slice(-rowsOf(text)).join("") === `> ${text}`);
      await say(`at ${columns}`);
    }
  },
});
