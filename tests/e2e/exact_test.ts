/** Not a byte is lost, whoever is at the other end. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { bash, netecho, netechoShell, Running, Server } from "../support/programs.ts";
import { countEchoes, echoThrough } from "../support/connections.ts";
import { has, needing, onLinux } from "../support/skips.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";

const SIZE = 100_000_000;

// Each sends $FILE to $PORT, half-closes, and writes what comes back to stdout.
const PEERS: Readonly<Record<string, string>> = {
  nc: "nc -N 127.0.0.1 $PORT <$FILE",
  ncat: "ncat 127.0.0.1 $PORT <$FILE",
  socat: "socat -t 60 - TCP:127.0.0.1:$PORT <$FILE",
  // bash cannot half-close: the number of bytes tells it when it has all.
  bash: `exec 3<>/dev/tcp/127.0.0.1/$PORT; cat $FILE >&3 & head -c ${SIZE} <&3; wait`,
  "netecho client": "$CLIENT 127.0.0.1 $PORT <$FILE",
};

async function randomFile(): Promise<{ path: string; digest: string }> {
  const path = await Deno.makeTempFile();
  const bytes = randomBytes(SIZE);
  await Deno.writeFile(path, bytes);
  return { path, digest: await sha256(bytes) };
}

// Only OpenBSD's nc half-closes when told to with -N.
function hasHalfClosingNc(): boolean {
  if (!has("nc")) return false;
  const { stdout, stderr } = new Deno.Command("nc", { args: ["-h"] }).outputSync();
  return /-N\b/.test(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

for (const [peer, script] of Object.entries(PEERS)) {
  const programs = peer === "netecho client"
    ? ["bash"]
    : ["bash", peer === "nc" && !hasHalfClosingNc() ? "nc with -N" : peer];
  Deno.test({
    ...onLinux(`100 MB from ${peer} come back as they were sent`, programs),
    async fn() {
      const { path, digest } = await randomFile();
      await using server = await Server.start(["-q"]);
      const env = { PORT: String(server.port), FILE: path };
      const command = script.replace("$CLIENT", netechoShell(["client"]));
      const { text, stderr } = await bash(`set -o pipefail; (${command}) | sha256sum`, { env });
      assertEquals({ digest: text.split(" ")[0], stderr }, { digest, stderr: "" });
      await Deno.remove(path);
    },
  });
}

Deno.test({
  ...onLinux("100 MB from our client through socat's PIPE come back", ["bash", "socat"]),
  async fn() {
    const { path, digest } = await randomFile();
    // A pipe that can be written to takes 4 KiB (PIPE_BUF); for more socat would wait for itself.
    await using socat = new Running(["bash", [
      "-c",
      "socat -b 4096 -d -d TCP-LISTEN:0,bind=127.0.0.1 PIPE 2>&1",
    ]]);
    const port = /:(\d+)$/.exec(await socat.line(/listening on/))![1]!;
    const env = { FILE: path };
    const client = netechoShell(["client", "127.0.0.1", port, "--verify"]);
    const { text, stderr } = await bash(`${client} <$FILE | sha256sum`, { env });
    assertEquals(text.split(" ")[0], digest, stderr);
    await Deno.remove(path);
  },
});

Deno.test({
  ...needing(["node"], "100 MB from our client through a Node echo server come back"),
  async fn() {
    const peer = fileURLToPath(new URL("../bench/peers/echo.mjs", import.meta.url));
    await using node = new Running(["node", [peer, "tcp", "0"]]);
    const port = /(\d+)$/.exec(await node.line(/listening/))![1]!;
    const bytes = randomBytes(SIZE);
    const { stdout, stderr } = await netecho(["client", "127.0.0.1", port], { input: bytes });
    assertEquals([await sha256(stdout), stderr], [await sha256(bytes), ""]);
  },
});

Deno.test("10 MB from each of 200 clients at once come back", async () => {
  await using server = await Server.start(["-q"]);
  const bytes = randomBytes(10_000_000);
  const counts = await Promise.all(
    Array.from({ length: 200 }, async () => await countEchoes(await server.connect(), bytes)),
  );
  assertEquals(counts.filter((count) => count !== bytes.length), []);
});

for (const size of [0, 1, 127, 128, 129, 65_536, 4_194_307]) {
  Deno.test(`a client that half-closes after ${size} bytes gets all of them, then FIN`, async () => {
    await using server = await Server.start(["-q"]);
    const bytes = randomBytes(size, size);
    assertEquals(await echoThrough(await server.connect(), bytes), bytes);
  });
}
