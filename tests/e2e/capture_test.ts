import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  bash,
  netecho,
  netechoCommand,
  netechoShell,
  Running,
  Server,
} from "../support/programs.ts";
import { echoThrough } from "../support/connections.ts";
import {
  allOf,
  needing,
  onLinux,
  withDumpcap,
  withNodeNetworking,
  withSignals,
  withSystemCalls,
} from "../support/skips.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { unusedPort, withFolder } from "../support/system.ts";
import { concat } from "@std/bytes/concat";
import { tcpFrame, udpFrame } from "../../lib/capture/packet.ts";
import { readRecordings, saidBy } from "../../lib/capture/recording.ts";
import { Authority } from "../support/pki.ts";

const CHECKED = "-o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE";

/** What tshark makes of a capture. */
async function tshark(file: string, args: string): Promise<string> {
  const { code, text, stderr } = await bash(`tshark -r "$FILE" ${CHECKED} ${args}`, {
    env: { FILE: file },
  });
  assertEquals(code, 0, stderr);
  return text.trim();
}

/** One direction of a connection, as `follow` gives it: what comes second is indented. */
async function follow(file: string, { stream, back }: { stream: number; back: boolean }) {
  const raw = await tshark(file, `-q -z follow,tcp,raw,${stream}`);
  const lines = raw.split("\n").filter((line) => /^\t?[0-9a-f]+$/.test(line));
  const wanted = lines.filter((line) => line.startsWith("\t") === back).map((line) => line.trim());
  return Uint8Array.fromHex(wanted.join(""));
}

Deno.test({
  ...needing(
    ["tshark"],
    "capture: tshark follows every connection, and finds nothing to complain of",
  ),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const folder = await Deno.makeTempDir();
    const file = `${folder}/all.pcapng`;
    const own = ["--cert", cert, "--key", key, "--capture", file];
    const addresses = ["127.0.0.1:0", "tls://127.0.0.1:0", "udp://127.0.0.1:0"];
    const server = new Running(netechoCommand(["server", ...addresses, "-q", ...own]));
    await using _ = server;
    const [tcp = "", tls = "", udp = ""] = await Promise.all(
      ["tcp", "tls", "udp"].map(async (name) =>
        (await server.line(new RegExp(`^listening ${name}`))).replace("listening ", "")
      ),
    );
    const bytes = randomBytes(500_000);
    assertEquals((await netecho(["client", tcp], { input: bytes })).stdout, bytes);
    const trust = ["--ca", authority.ca, "--servername", "localhost"];
    await netecho(["client", tls, ...trust], { input: "secret\n" });
    await netecho(["client", udp, "--linger", "1s", "--verify"], { input: "datagram" });
    server.kill("SIGKILL"); // what is captured stays
    await server.end();

    assertEquals(await follow(file, { stream: 0, back: false }), bytes);
    assertEquals(await follow(file, { stream: 0, back: true }), bytes);
    const secret = new TextEncoder().encode("secret\n");
    assertEquals(await follow(file, { stream: 1, back: true }), secret);
    assertEquals(
      await tshark(file, "-Y udp -T fields -e udp.payload"),
      "6461746167726d\n6461746167726d".replaceAll("6d", "616d"),
    );
    // Errors and warnings; a note tells of the end of a connection.
    assertEquals(await tshark(file, '-Y "_ws.expert.severity >= 0x600000"'), "");
    assertStringIncludes(
      await tshark(file, "-Y frame.comment -T fields -e frame.comment"),
      "#1 echo",
    );
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...withSystemCalls("capture: a reset is a reset, whoever breaks the connection", ["tshark"]),
  async fn() {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/reset.pcapng`;
    const args = ["--fault", "reset_peer:10ms", "--capture", file, "-q"];
    const server = await Server.start(args);
    await using _ = server;
    const { code } = await netecho(["client", `127.0.0.1:${server.port}`, "--recv-only"]);
    assertEquals(code, 1);
    assertEquals(
      await tshark(file, "-Y tcp.flags.reset==1 -T fields -e tcp.srcport"),
      `${server.port}`,
    );

    const theirs = `${folder}/theirs.pcapng`;
    await using echo = await Server.start(["--capture", theirs]);
    const script = "import socket,struct; s=socket.create_connection(('127.0.0.1'," +
      `${echo.port})); s.send(b'x'); s.recv(1); s.setsockopt(socket.SOL_SOCKET,` +
      "socket.SO_LINGER,struct.pack('ii',1,0)); s.close()";
    assertEquals((await bash('python3 -c "$SCRIPT"', { env: { SCRIPT: script } })).code, 0);
    await echo.line(/closed/);
    assertEquals(
      await tshark(theirs, "-Y tcp.flags.reset==1 -T fields -e tcp.dstport"),
      `${echo.port}`,
    );
    assertEquals(await tshark(theirs, "-Y tcp.flags.fin==1"), "");
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...withSignals("capture: a reader that does not read holds nobody up"),
  async fn() {
    const command = netechoShell(["server", "127.0.0.1:0", "--capture", "-", "-q"]);
    const folder = await Deno.makeTempDir();
    const pipe = `mkfifo '${folder}/pipe' && exec 4<>'${folder}/pipe'`;
    await using server = new Running(["bash", ["-c", `${pipe}; exec ${command} 2>&1 >&4`]]);
    const where = (await server.line(/^listening/)).replace("listening ", "");
    const bytes = randomBytes(2_000_000); // the pipe has room for less
    const { stdout, code } = await netecho(["client", where], { input: bytes });
    assertEquals([code, await sha256(stdout)], [0, await sha256(bytes)]);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...needing(["tshark"], "capture: Unix connections are told apart; a port in use harms no file"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/unix.pcapng`;
    const address = Deno.build.os === "windows" ? "127.0.0.1:0" : `unix:${folder}/s`;
    await using server = new Running(
      netechoCommand(["server", address, "-q", "--capture", file]),
    );
    const where = (await server.line(/^listening/)).replace("listening ", "");
    for (const input of ["one", "two"]) await netecho(["client", where], { input });
    const streams = await tshark(file, '-Y "tcp.len > 0" -T fields -e tcp.stream -e tcp.payload');
    assertEquals(streams.replaceAll("\t", " ").split("\n"), [
      "0 6f6e65",
      "0 6f6e65",
      "1 74776f",
      "1 74776f",
    ]);
    const before = await Deno.readFile(file);
    const again = await netecho(["server", where, "--capture", file]);
    assertEquals(again.code, 1);
    // It has looked whether somebody is there, and that is captured as well.
    assertEquals((await Deno.readFile(file)).subarray(0, before.length), before);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...withSystemCalls("capture: the secrets of TLS, where the runtime tells them", ["capinfos"]),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const folder = await Deno.makeTempDir();
    const file = `${folder}/tls.pcapng`;
    const args = ["server", "tls://127.0.0.1:0", "--cert", cert, "--key", key, "-q"];
    await using server = new Running(netechoCommand([...args, "--capture", file]), {
      env: { SSLKEYLOGFILE: `${folder}/keys` },
    });
    const where = (await server.line(/^listening/)).replace("listening ", "");
    const trust = ["--ca", authority.ca, "--servername", "localhost"];
    assertEquals((await netecho(["client", where, ...trust], { input: "x" })).text, "x");
    const { text } = await bash('capinfos "$FILE"', { env: { FILE: file } });
    assertMatch(text, /Number of decryption secrets in file: 1/);
    assertStringIncludes(
      new TextDecoder().decode(await Deno.readFile(file)),
      await Deno.readTextFile(`${folder}/keys`),
    );
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...await withNodeNetworking("capture: secrets that the runtime does not tell are said, once"),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const folder = await Deno.makeTempDir();
    const args = ["server", "tls://127.0.0.1:0", "--cert", cert, "--key", key, "-q"];
    await using server = new Running(netechoCommand(args));
    const where = (await server.line(/^listening/)).replace("listening ", "");
    const captured = [
      "--capture",
      `${folder}/c.pcapng`,
      "--ping",
      "--connect",
      "-c",
      "2",
      "-i",
      "0",
    ];
    const { code, stderr } = await netecho(["client", where, "--insecure", ...captured], {
      env: { SSLKEYLOGFILE: `${folder}/none` },
    });
    assertEquals(code, 0);
    assertEquals(
      stderr,
      "netecho: The secrets of some TLS sessions are not in the capture: the runtime does not tell " +
        "them (help recording)\n",
    );
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...allOf(
    withSystemCalls("capture: its secrets decrypt what the network carried, put behind it"),
    withDumpcap("capture: its secrets decrypt what the network carried, put behind it", [
      "tshark",
      "mergecap",
    ]),
  ),
  async fn() {
    await using authority = await Authority.create();
    const { cert, key } = await authority.issue();
    const folder = await Deno.makeTempDir();
    const args = ["server", "tls://127.0.0.1:0", "--cert", cert, "--key", key, "-q"];
    await using server = new Running(
      netechoCommand([...args, "--capture", `${folder}/ours.pcapng`]),
      { env: { SSLKEYLOGFILE: `${folder}/keys` } },
    );
    const where = (await server.line(/^listening/)).replace("listening ", "");
    const port = where.split(":").at(-1)!;
    const carried = `${folder}/carried.pcapng`;
    await using dumpcap = new Running(
      ["bash", ["-c", `exec dumpcap -i lo -f 'tcp port ${port}' -w '${carried}' 2>&1`]],
    );
    await dumpcap.line(/^File:/);
    const trust = ["--ca", authority.ca, "--servername", "localhost"];
    for (const input of ["first", "second"]) {
      assertEquals((await netecho(["client", where, ...trust], { input })).text, input);
    }
    // What is there when it is stopped is lost, and it writes when it has time.
    const seen = `tshark -r '${carried}' -Y tcp.flags.fin==1 | wc -l`;
    let ends = 0;
    for (let looks = 0; looks < 100 && ends < 4; looks++) ends = Number((await bash(seen)).text);
    assertEquals(ends, 4);
    await dumpcap.stop();
    await server.stop();
    const both = `${folder}/both.pcapng`;
    await bash('mergecap -a -w "$BOTH" "$FOLDER/ours.pcapng" "$FOLDER/carried.pcapng"', {
      env: { FOLDER: folder, BOTH: both },
    });
    const fields = "-T fields -e frame.interface_name -e tcp.stream -e data.data";
    const told = await tshark(both, `-d tcp.port==${port},tls -Y data ${fields}`);
    const [first, second] = ["first", "second"].map((text) =>
      new TextEncoder().encode(text).toHex()
    );
    assertEquals(told.split("\n").map((line) => line.split("\t")), [
      ["netecho", "0", first],
      ["netecho", "0", first],
      ["netecho", "1", second],
      ["netecho", "1", second],
      ["lo", "2", first],
      ["lo", "2", first],
      ["lo", "3", second],
      ["lo", "3", second],
    ]);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...needing(["tshark"], "capture: the client's, one on stdout, and several files of a size"),
  async fn() {
    const folder = await Deno.makeTempDir();
    // Its lines go to stderr, and stdout is the capture's.
    const script = `exec ${netechoShell(["server", "127.0.0.1:0", "--capture", "-"])} ` +
      '2>&1 >"$OUT"';
    await using piped = new Running(["bash", [
      "-c",
      script.replace('"$OUT"', `'${folder}/s.pcapng'`),
    ]]);
    const where = (await piped.line(/^listening/)).replace("listening ", "");
    const client = await netecho(["client", where, "--capture", `${folder}/c.pcapng`], {
      input: "both see it",
    });
    assertEquals([client.code, client.text], [0, "both see it"]);
    await piped.line(/ closed /);
    for (const name of ["s", "c"]) {
      const both = await tshark(
        `${folder}/${name}.pcapng`,
        "-Y tcp.len==11 -T fields -e tcp.payload",
      );
      assertEquals(both.split("\n").length, 2);
    }

    const file = `${folder}/many.pcapng`;
    const bytes = randomBytes(3_000_000);
    await using server = await Server.start(["-q", "--capture", file, "--capture-size", "1MB"]);
    const back = await echoThrough(await server.connect(), bytes);
    assertEquals(await sha256(back as Uint8Array<ArrayBuffer>), await sha256(bytes));
    await server.stop();
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
      /^many/.test(name)
    );
    assert(names.length >= 5, names.join(" "));
    assert(names.includes("many-1.pcapng"));
    for (const name of names) await tshark(`${folder}/${name}`, "-c 1");
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  ...onLinux("capture: a file that cannot be written is one line, before anything listens"),
  async fn() {
    const { code, text, stderr } = await netecho(
      ["server", "127.0.0.1:0", "--capture", "/dev/full"],
    );
    assertEquals([code, text], [1, ""]);
    // A binary is not given the permission for devices.
    assertMatch(
      stderr,
      /^netecho: Cannot write \/dev\/full: (no space left|Deno was not given).*\n$/,
    );
    const absent = await netecho(["server", "127.0.0.1:0", "--capture", "/nowhere/x.pcapng"]);
    assertEquals([absent.code, absent.stderr], [
      1,
      "netecho: Cannot write /nowhere/x.pcapng: no such file or directory\n",
    ]);
    const client = await netecho(
      ["client", `127.0.0.1:${unusedPort()}`, "--capture-size", "1MB"],
    );
    assertStringIncludes(client.stderr, "needs --capture");
  },
});

Deno.test({
  // Deno 2.6 opens a file where it runs.
  ...await withNodeNetworking("capture: a pipe that nobody opens, or reads, holds nobody up", [
    "mkfifo",
  ]),
  fn: () =>
    withFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      await bash('mkfifo "$PIPE"', { env: { PIPE: pipe } });
      await using server = await Server.start(["-q", "--capture", pipe]);
      const bytes = randomBytes(300_000); // more than a pipe holds
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      assertEquals(await echoThrough(conn, bytes), bytes);
      // Who opens it late gets all of it.
      const reading = Deno.readFile(pipe);
      assertEquals((await server.stop()).code, 0);
      const { recordings: [one] } = await readRecordings({ path: pipe, bytes: await reading });
      assertEquals(concat(saidBy("client", one!)), bytes);
    }),
});

Deno.test("capture: a forwarder captures both of its connections", () =>
  withFolder(async (folder) => {
    const file = `${folder}/both.pcapng`;
    await using echo = await Server.start(["-q"]);
    {
      const to = ["--service", "forward", "--to", `127.0.0.1:${echo.port}`];
      await using server = await Server.start(["-q", ...to, "--capture", file]);
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      const bytes = new TextEncoder().encode("both ways");
      assertEquals(await echoThrough(conn, bytes), bytes);
      await server.stop();
    }
    const { text } = await netecho(["client", "--replay", file, "--streams"]);
    assertMatch(
      text,
      new RegExp(
        "^tcp 0  \\S+ to \\S+: 9 bytes sent, 9 bytes received\n" +
          `tcp 1  \\S+ to 127.0.0.1:${echo.port}: 9 bytes sent, 9 bytes received\n$`,
      ),
    );
  }));

Deno.test("capture: a TCP checksum of 0 is 0, and of UDP 65535", () => {
  const host = (port: number) => ({ transport: "tcp", hostname: "127.0.0.1", port });
  const path = { from: host(40000), to: host(8080) };
  const zero = (frame: (word: number) => Uint8Array, sumAt: number) => {
    for (let word = 0; word < 0x10000; word++) {
      const bytes = frame(word);
      const sum = new DataView(bytes.buffer).getUint16(34 + sumAt);
      if (sum === 0 || sum === 0xffff) return sum;
    }
    return undefined;
  };
  const payload = (word: number) => new Uint8Array([word >> 8, word & 255]);
  const tcp = { flags: 0x18, sequence: 1, acknowledged: 1 };
  assertEquals(zero((word) => tcpFrame(path, { ...tcp, payload: payload(word) }), 16), 0);
  assertEquals(zero((word) => udpFrame(path, payload(word)), 6), 0xffff);
});
