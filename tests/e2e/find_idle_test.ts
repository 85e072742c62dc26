/** How long a connection may be silent, through real proxies. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Authority } from "../support/pki.ts";
import { MAY_USE_FFI, netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { needing, needingFile } from "../support/skips.ts";
import { unusedPort, withFolder } from "../support/system.ts";

interface Found {
  readonly longestSurvivedMs?: number;
  readonly shortestLost?: {
    readonly silenceMs: number;
    readonly outcome: string;
    readonly endedAfterMs?: number;
  };
  readonly silences: readonly { readonly silenceMs: number; readonly outcome: string }[];
}

async function findIdle(address: string, ...args: string[]): Promise<Found> {
  const { code, text, stderr } = await netecho([
    "client",
    address,
    "--find-idle",
    ...args,
    "--json",
  ]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return JSON.parse(text);
}

async function untilItAnswers(address: string, ...exchange: string[]): Promise<void> {
  const { code, stderr } = await netecho(["client", address, "--wait", "10s", ...exchange]);
  assertEquals(code, 0, stderr);
}

/** The limit is within a step of what was found. */
function assertFound(
  found: Found,
  { limit, step, how }: { limit: number; step: number; how: string },
) {
  const { longestSurvivedMs = 0, shortestLost } = found;
  const text = JSON.stringify(found);
  assertEquals(shortestLost?.outcome, how, text);
  assertEquals(shortestLost!.silenceMs - longestSurvivedMs, step, text);
  assert(longestSurvivedMs < limit && shortestLost!.silenceMs >= limit, text);
}

Deno.test("find-idle: closed, reset and swallowed, at the step where it is", async () => {
  await using idle = await Server.start(["-q", "--idle-timeout", "500ms"]);
  const closed = await findIdle(`127.0.0.1:${idle.port}`, "1s", "--steps", "5");
  assertFound(closed, { limit: 500, step: 200, how: "fin" });
  assert(closed.shortestLost!.endedAfterMs! > 400, JSON.stringify(closed));
  await using resets = await Server.start(["-q", "--fault", "reset_peer:500ms"]);
  const reset = await findIdle(`127.0.0.1:${resets.port}`, "1s", "--steps", "5");
  assertFound(reset, { limit: 500, step: 200, how: MAY_USE_FFI ? "reset" : "fin" });
  await using silent = await Server.start(["-q", "--fault", "timeout:0,after=500ms"]);
  const swallowed = await findIdle(
    `127.0.0.1:${silent.port}`,
    ...["1s", "--steps", "5", "--timeout", "300ms"],
  );
  assertFound(swallowed, { limit: 500, step: 200, how: "swallowed" });
});

Deno.test("find-idle: with an exchange, over TLS and UDP, and where nothing is too long", async () => {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  const options = ["--cert", cert, "--key", key, "--idle-timeout", "500ms", "-q"];
  await using tls = new Running(netechoCommand(["server", "tls://127.0.0.1:0", ...options]));
  const where = (await tls.line(/listening/)).replace("listening ", "").replace(
    "127.0.0.1",
    "localhost",
  );
  const exchange = ["--send", "{seq}\\n", "--expect-line", "--expect", "{seq}"];
  const found = await findIdle(where, "1s", "--steps", "5", "--ca", authority.ca, ...exchange);
  assertFound(found, { limit: 500, step: 200, how: "fin" });
  await using udp = new Running(netechoCommand(["server", "udp://127.0.0.1:0", "-q"]));
  const at = (await udp.line(/listening/)).replace("listening ", "");
  const all = await findIdle(at, "300ms", "--steps", "3");
  assertEquals([all.longestSurvivedMs, all.shortestLost], [300, undefined]);
  const { text, code } = await netecho(["client", at, "--find-idle", "100ms", "--steps", "2"]);
  assertEquals(code, 0);
  assertMatch(
    text,
    /^Silences on 2 connections to udp:.*\n +50 ms {2}answered\n +100 ms {2}answered\n/,
  );
  assertMatch(text, /\nlongest silence that was survived: 100 ms\nnone was too long\n$/);
});

Deno.test("find-idle: a peer that answers nothing, and one that is not there", async () => {
  await using discard = await Server.start(["-q", "--service", "discard"]);
  const mute = await netecho([
    ...["client", `127.0.0.1:${discard.port}`, "--find-idle", "1s", "--timeout", "50ms"],
  ]);
  assertEquals(mute.code, 1);
  assertMatch(mute.stderr, /^netecho: Nothing was answered before a silence/);
  const gone = await netecho(["client", `127.0.0.1:${unusedPort()}`, "--find-idle", "1s"]);
  assertEquals(gone.code, 1);
  assertMatch(gone.stderr, /^netecho: Cannot connect .*\n$/);
});

Deno.test({
  ...needing(["haproxy"], "find-idle: haproxy's timeout client"),
  fn: () =>
    withFolder(async (folder) => {
      await using echo = await Server.start(["-q"]);
      const port = unusedPort();
      await Deno.writeTextFile(
        `${folder}/conf`,
        `defaults
  mode tcp
  timeout client 700ms
  timeout server 60s
  timeout connect 5s
listen echo
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${echo.port}
`,
      );
      await using _haproxy = new Running(["haproxy", ["-db", "-f", `${folder}/conf`]]);
      await untilItAnswers(`127.0.0.1:${port}`, "--expect", "echo");
      const found = await findIdle(`127.0.0.1:${port}`, "1s", "--steps", "5");
      assertFound(found, { limit: 700, step: 200, how: "fin" });
    }),
});

const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"; // where Debian has it

Deno.test({
  ...needingFile(STREAM_MODULE, "find-idle: nginx' proxy_timeout", ["nginx"]),
  fn: () =>
    withFolder(async (folder) => {
      await using echo = await Server.start(["-q"]);
      const port = unusedPort();
      await Deno.writeTextFile(
        `${folder}/conf`,
        `load_module ${STREAM_MODULE}; daemon off; pid ${folder}/pid; events {} stream {
         server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${echo.port};
         proxy_timeout 700ms; } }`,
      );
      await using nginx = new Running(["nginx", ["-c", `${folder}/conf`, "-e", "stderr"]]);
      const address = `127.0.0.1:${port}`;
      await untilItAnswers(address, "--expect", "echo");
      const found = await findIdle(address, "1s", "--steps", "5");
      assertFound(found, { limit: 700, step: 200, how: "fin" });
      await nginx.stop("SIGTERM");
    }),
});

Deno.test({
  ...needing(["nginx"], "find-idle: nginx' keepalive_timeout"),
  fn: () =>
    withFolder(async (folder) => {
      const port = unusedPort();
      await Deno.writeTextFile(
        `${folder}/conf`,
        `daemon off; pid ${folder}/pid; events {} http { access_log off; keepalive_timeout 700ms;
         server { listen 127.0.0.1:${port}; location / { return 200 "hello"; } } }`,
      );
      await using nginx = new Running(["nginx", ["-c", `${folder}/conf`, "-e", "stderr"]]);
      const get = ["--send", "GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", "--expect", "hello"];
      await untilItAnswers(`127.0.0.1:${port}`, ...get);
      const found = await findIdle(`127.0.0.1:${port}`, "1s", "--steps", "5", ...get);
      assertFound(found, { limit: 700, step: 200, how: "fin" });
      await nginx.stop("SIGTERM");
    }),
});
