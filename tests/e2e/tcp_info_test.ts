/** What the system knows of connections: round-trip times and retransmits. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BenchResult } from "../../lib/report/result.ts";
import { readExactly, writeAll } from "../support/connections.ts";
import { Controlled } from "../support/control.ts";
import {
  inBackground,
  inNamespace,
  netecho,
  netechoShell,
  runProgram,
  Server,
} from "../support/programs.ts";
import { lossRules, withPacketLoss, withSystemCalls } from "../support/skips.ts";

Deno.test({
  ...withSystemCalls("tcp info: --bench, -v and --stats tell it", []),
  async fn() {
    await using server = await Server.start(["--stats", "50ms", "--show", "none"]);
    const at = `127.0.0.1:${server.port}`;
    const load = ["--bench", "--requests", "200", "--connections", "4", "--workers", "2"];
    const { text } = await netecho(["client", at, ...load, "--json"]);
    const { connections } = JSON.parse(text) as BenchResult;
    const { tcp } = connections!;
    assertEquals([tcp!.connections, tcp!.retransmits], [4, 0]);
    assert(tcp!.leastRttMs > 0 && tcp!.leastRttMs <= tcp!.mostRttMs);
    assertMatch(
      (await netecho(["client", at, ...load])).text,
      /\ntcp {9}0 retransmits, rtt .* ms to .* ms\n/,
    );
    const verbose = await netecho(["client", at, "-v"], { input: "hi" });
    assertMatch(
      verbose.stderr,
      /2 bytes received; rtt .* ms, 0 retransmits, congestion window \d+ seg/,
    );
    using conn = await server.connect();
    await writeAll(conn, new Uint8Array(1));
    await readExactly(conn, 1);
    await server.line(/ out; 0 retransmits, rtt .* ms to .* ms$/);
  },
});

Deno.test({
  ...withSystemCalls("tcp info: it is that of ss", ["ss"]),
  async fn() {
    await using server = await Controlled.start(["127.0.0.1:0,name=echo", "-q"]);
    const port = Number(/:(\d+),/.exec(await server.line(/^listening/))![1]);
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(conn, new Uint8Array(100));
    await readExactly(conn, 100);
    const { text } = await runProgram(["ss", ["-tinH", "sport", "=", `:${port}`]]);
    const [, rtt, variance] = /\brtt:([\d.]+)\/([\d.]+)/.exec(text)!;
    const [, window] = /\bcwnd:(\d+)/.exec(text)!;
    const [{ tcp }] = (await server.ask("GET /v1/sessions")).json as [
      { tcp: Record<string, number> },
    ];
    assertEquals(
      [tcp.rttMs, tcp.rttVarianceMs, tcp.congestionWindow],
      [Number(rtt), Number(variance), Number(window)],
    );
  },
});

Deno.test({
  ...withPacketLoss("tcp info: retransmits stand beside what they made slow"),
  async fn() {
    const { text, stderr } = await inNamespace([
      ...lossRules({ port: 9, oneOf: 4 }),
      inBackground(netechoShell(["server", "127.0.0.1:9", "-q"])),
      "read -r _ <&${S[0]}",
      netechoShell([
        "client",
        "127.0.0.1:9",
        "--ping",
        "--count",
        "40",
        "-i",
        "1ms",
        "--timeout",
        "20s",
      ]),
      netechoShell(["client", "127.0.0.1:9", "--bench", "--requests", "60", "--connections", "3"]),
      "kill $S_PID",
    ]);
    assertMatch(text, /time=\d+\.\d+ ms \([1-9]\d* retransmits?\)/, stderr);
    assertMatch(text, /40 sent, 40 received, 0% lost/);
    assertMatch(text, /\ntcp {9}[1-9]\d* retransmits?, rtt/);
  },
});
