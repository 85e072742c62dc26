import { assertEquals, assertMatch } from "@std/assert";
import { bash, netecho, netechoShell, Running, Server } from "../support/programs.ts";
import { needing } from "../support/skips.ts";
import { unusedPort } from "../support/system.ts";

const REQUEST = "GET / HTTP/1.0\r\n\r\n";

/** A peer that says this to a connection, piece by piece, and then closes it. */
function startSpeaker(pieces: readonly string[]) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const speaking = (async () => {
    using conn = await listener.accept();
    const buffer = new Uint8Array(100);
    for (const piece of pieces) {
      await conn.write(new TextEncoder().encode(piece));
      await conn.read(buffer);
    }
  })();
  return {
    at: `127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      await speaking;
      listener.close();
    },
  };
}

Deno.test({
  ...needing(
    ["nginx"],
    "a peer that takes a FIN for gone is named, and --no-half-close has it answer",
  ),
  async fn() {
    const reply = ["--service", "reply", "--reply", "HTTP/1.0 200 OK\\r\\n\\r\\nhello"];
    await using slow = await Server.start([...reply, "--fault", "latency:300ms", "-q"]);
    const folder = await Deno.makeTempDir();
    const port = unusedPort();
    const site = `server { listen 127.0.0.1:${port}; access_log off;
      location / { proxy_pass http://127.0.0.1:${slow.port}; } }`;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
      `${name}_temp_path ${folder}/${name};`
    ).join(" ");
    const config = `daemon off; master_process off; pid ${folder}/pid; error_log stderr notice;
      events {} http { ${temporary} ${site} }`;
    await Deno.writeTextFile(`${folder}/conf`, config);
    await using nginx = new Running(["nginx", ["-c", `${folder}/conf`, "-e", "stderr"]]);
    const at = `127.0.0.1:${port}`;
    assertEquals((await netecho(["client", at, "--wait", "10s"])).code, 0);

    const gone = await netecho(["client", at], { input: REQUEST });
    assertEquals([gone.code, gone.text], [0, ""]);
    assertMatch(
      gone.stderr,
      /^tcp:\S+ closed the connection without an answer; .* --no-half-close\n$/,
    );
    const answered = await netecho(["client", at, "--no-half-close"], { input: REQUEST });
    assertMatch(answered.text, /200 OK[^]*hello$/);
    assertEquals([answered.code, answered.stderr], [0, ""]);
    const script = ["--send", "GET / HTTP/1.0\\r\\n\\r\\n", "--no-half-close"];
    assertMatch((await netecho(["client", at, ...script])).text, /hello$/);
    await nginx.stop("SIGTERM");
  },
});

Deno.test({
  ...needing(["nc"], "nc -l -N, which stops at our FIN, gives a late answer with --no-half-close"),
  async fn() {
    const port = unusedPort();
    const client = netechoShell(["client", `127.0.0.1:${port}`, "--retry", "10s"]);
    const nc =
      `{ read line; sleep 0.3; echo "late $line"; } <fifo | nc -l -N 127.0.0.1 ${port} >fifo`;
    const { code, text } = await bash(
      `cd "$(mktemp -d)" && mkfifo fifo && { ${nc} & } && echo hi | ${client} --no-half-close`,
    );
    assertEquals([code, text], [0, "late hi\n"]);
  },
});

Deno.test("a script whose last --expect is met reads the answer to its end", async () => {
  await using speaker = startSpeaker(["220 ready\r\n", "and more\r\n"]);
  const last = ["--send", "x", "--expect", "ready"];
  const { code, text, stderr } = await netecho(["client", speaker.at, ...last]);
  assertEquals([code, text, stderr], [0, "220 ready\r\nand more\r\n", ""]);
});

Deno.test("a script whose peer stays ends a second after the last --expect, or after --linger", async () => {
  await using timeless = await Server.start([
    ...["-q", "--service", "reply", "--reply", "ready", "--fault", "slow_close:1h"],
  ]);
  const at = `127.0.0.1:${timeless.port}`;
  for (const more of [[], ["--linger", "0"], ["--no-half-close"]]) {
    const { code, text } = await netecho(["client", at, "--expect", "ready", ...more]);
    assertEquals([code, text], [0, "ready"]);
  }
});
