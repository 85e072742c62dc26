/** Peers that do not behave, and a machine that runs out: the others are served all the same. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { countEchoes, readExactly, resettable, writeAll } from "../support/connections.ts";
import { cpuTime, residentMemory } from "../support/system.ts";
import {
  has,
  needingNamespace,
  onLinux,
  withNodeNetworking,
  withSystemCalls,
} from "../support/skips.ts";
import { netechoShell, Running, runProgram, Server } from "../support/programs.ts";
import type { IdleCost } from "../support/idle_connections.ts";
import { fileURLToPath } from "node:url";
import { randomBytes } from "../support/bytes.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const HELLO = encode("hello\n");
const MIB = 1024 * 1024;

async function roundTrip(conn: Deno.Conn): Promise<void> {
  await writeAll(conn, HELLO);
  assertEquals(await readExactly(conn, HELLO.length), HELLO);
}

function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const isSocket = ({ name }: Deno.DirEntry) => {
    try {
      return Deno.readLinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      return false; // it was closed meanwhile
    }
  };
  return [...Deno.readDirSync(folder)].filter(isSocket).length;
}

function openDescriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

Deno.test({
  ...onLinux("a client that sends 1 GB and never reads costs less than 16 MB and no one else"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const bytes = randomBytes(10 * MIB);
    assertEquals(await countEchoes(await server.connect(), bytes), bytes.length); // warm up
    const before = residentMemory(server.pid);

    const deaf = await server.connect();
    let sent = 0;
    const sending = (async () => {
      while (sent < 1e9) sent += await deaf.write(bytes);
    })().catch(() => {}); // ended by the close below
    for (let round = 0; round < 10; round++) {
      assertEquals(await countEchoes(await server.connect(), bytes), bytes.length);
    }
    assertLess(sent, 1e9);
    assertLess(residentMemory(server.pid) - before, 16 * MIB);
    deaf.close();
    await sending;
  },
});

Deno.test({
  ...onLinux(
    "with 64 descriptors and 200 clients it serves some, waits idly, then serves the rest",
  ),
  async fn() {
    const shell = netechoShell(["server", "127.0.0.1:0", "-q", "--stats", "100ms"]);
    await using server = new Running(["bash", ["-c", `ulimit -n 64; exec ${shell}`]]);
    const port = Number(/:(\d+)$/.exec(await server.line(/^listening/))![1]);
    const answered: Deno.Conn[] = [];
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    const served = clients.map(async (conn) => {
      await roundTrip(conn);
      answered.push(conn);
      conn.close(); // only what is closed makes room for the next
    });
    await Promise.all(served);
    assertEquals(answered.length, 200);

    server.lines.length = 0;
    await server.line(/ 0 open/);

    // And again, holding on: those without a descriptor wait, and waiting costs nothing.
    const holding = await Promise.all(
      Array.from({ length: 200 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    let waiting = 200;
    const echoes = holding.map((conn) => roundTrip(conn).then(() => waiting--));
    server.lines.length = 0;
    const full = / (\d\d) open, 0 connections\/s/;
    const open = Number(full.exec(await server.line(full))![1]);
    const before = cpuTime(server.pid);
    server.lines.length = 0;
    for (let ticks = 0; ticks < 10; ticks++) {
      await server.line(/open/);
      server.lines.length = 0;
    }
    assertLess(cpuTime(server.pid) - before, 300); // of the 1,000 ms that ten lines take
    assertEquals(200 - waiting, open);
    assert(open > 30, `serves ${open} with 64 descriptors`);
    for (const conn of holding.slice(0, 180)) conn.close();
    await Promise.allSettled(echoes);
    await Promise.all(echoes.slice(180));
    for (const conn of holding.slice(180)) conn.close();
    const { stderr } = await server.stop();
    assert(/Cannot accept on tcp:\/\/.*: too many open files/.test(stderr), stderr);
    assertLess(stderr.split("\n").length, 20); // said once a spell, not once a try
  },
});

// What each loads before it listens: without descriptors the runtime could not, and would panic.
for (
  const [name, args, upstream, { header = "", skips = onLinux } = {}] of [
    ["a PROXY header", ["--proxy-protocol"], undefined, {
      header: "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    }],
    ["forward by name", ["--to", "localhost:PORT"], "127.0.0.1:0"],
    ["forward from a source", ["--to", "127.0.0.1:PORT", "--to-source", ":0"], "127.0.0.1:0", {
      skips: withNodeNetworking,
    }],
    // Without FFI, some of a hundred TLS connections that half-close at once stay open.
    ["forward over TLS", ["--to", "tls://127.0.0.1:PORT", "--to-insecure"], "tls://127.0.0.1:0", {
      skips: async (title: string) => {
        const denied = withSystemCalls(title);
        return denied.ignore ? denied : await withNodeNetworking(title);
      },
    }],
    ["forward over UDP", ["--to", "udp://127.0.0.1:PORT"], "udp://127.0.0.1:0"],
  ] as const
) {
  const title = `with 64 descriptors and a burst of 100 clients nothing panics: ${name}`;
  Deno.test({
    ...(Deno.build.os === "linux" ? await skips(title) : onLinux(title)),
    async fn() {
      await using behind = await Server.start([], upstream);
      const options = args.map((arg) => arg.replace("PORT", `${behind.port}`));
      const service = upstream === undefined ? "" : "=forward";
      const listen = [`127.0.0.1:0${service}`, "-q", "--stats", "100ms"];
      const shell = netechoShell(["server", ...listen, ...options]);
      await using server = new Running(["bash", ["-c", `ulimit -n 64; exec ${shell}`]]);
      const port = Number(/:(\d+)$/.exec(await server.line(/^listening/))![1]);
      await server.line(/ 0 open/);
      const before = openSockets(server.pid);
      Deno.kill(server.pid, "SIGSTOP"); // so that all arrive at once
      const burst = await Promise.all(
        Array.from({ length: 100 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
      );
      Deno.kill(server.pid, "SIGCONT");
      const sent = await Promise.allSettled(burst.map((conn) => writeAll(conn, encode(header))));
      for (const conn of burst) conn.close();
      assertEquals(sent.length, 100);
      const echoed = async () => {
        using late = await Deno.connect({ hostname: "127.0.0.1", port });
        await writeAll(late, encode(`${header}late`));
        return new TextDecoder().decode(await readExactly(late, 4));
      };
      // Until the last of the burst is gone, there may be no descriptor for the upstream.
      let answer = await echoed().catch(() => "");
      for (let tries = 0; answer !== "late" && tries < 1000; tries++) {
        answer = await echoed().catch(() => "");
      }
      assertEquals(answer, "late");
      for (let ticks = 0; ticks < 20 && openSockets(server.pid) > before; ticks++) {
        server.lines.length = 0;
        await server.line(/ 0 open/);
      }
      assertEquals(openSockets(server.pid), before);
      assertEquals((await server.stop()).code, 0);
    },
  });
}

Deno.test({
  ...onLinux("10,000 clients that reset before they are accepted change nothing for the others"),
  async fn() {
    await using server = await Server.start(["--json", "--show", "none"]);
    const good = await server.connect();
    await roundTrip(good);
    for (let batch = 0; batch < 10; batch++) {
      Deno.kill(server.pid, "SIGSTOP"); // so that none is accepted before its reset
      for (let burst = 0; burst < 10; burst++) {
        const sockets = await Promise.all(
          Array.from({ length: 100 }, () => resettable(server.port)),
        );
        for (const socket of sockets) socket.resetAndDestroy();
      }
      Deno.kill(server.pid, "SIGCONT");
      await roundTrip(good);
      const newcomer = await server.connect();
      await roundTrip(newcomer);
      newcomer.close();
    }
    good.close();
    const { code, stderr } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const failures = server.events.filter(({ event }) => event === "accept-failed");
    const opened = server.events.filter(({ event }) => event === "opened");
    assert(failures.length <= 10 * 2, `${failures.length} lines about failed accepts`);
    assertLess(opened.length, 10_012); // most never became connections
  },
});

Deno.test({
  ...onLinux("killed, resetting and half-open clients leave nothing open behind"),
  async fn() {
    await using server = await Server.start(["--json", "--show", "none"]);
    const idle = await server.connect();
    await roundTrip(idle);
    const before = openDescriptors(server.pid);
    const bytes = randomBytes(4 * MIB);

    for (let round = 0; round < 20; round++) {
      const killed = new Running([
        "bash",
        ["-c", `exec 3<>/dev/tcp/127.0.0.1/${server.port}; echo ready; exec sleep 60`],
      ]);
      const resetting = await resettable(server.port);
      resetting.write(bytes);
      const halfOpen = await server.connect();
      await halfOpen.write(HELLO);
      await halfOpen.closeWrite();
      await readExactly(halfOpen, HELLO.length);
      await killed.line(/ready/);
      killed.kill("SIGKILL");
      await killed.end();
      resetting.resetAndDestroy(); // in the middle of the server's writes
      halfOpen.close();
    }
    await server.line(/"event":"closed".*"connection":61,/);
    idle.close();
    for (let number = 1; number <= 61; number++) {
      await server.line(new RegExp(`"event":"closed".*"connection":${number},`));
    }
    assertEquals(openDescriptors(server.pid), before - 1);
    const reasons = server.events.filter(({ event }) => event === "closed").map(({ reason }) =>
      reason
    );
    assertEquals(reasons.filter((reason) => reason === "error"), []);
    assert(reasons.includes("reset"));
    const { code, stderr } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  },
});

const enough = has("bash") && Deno.build.os === "linux" &&
  Number(
      new TextDecoder().decode(
        new Deno.Command("bash", { args: ["-c", "ulimit -Hn"] }).outputSync().stdout,
      ).trim().replace("unlimited", "1e9"),
    ) >= 12_000;

const namespace = needingNamespace(
  "5,000 idle connections cost less than 16 KB each, garbage included, and no SYN retry",
);

Deno.test({
  name: namespace.name + (enough ? "" : " (skipped: needs Linux and 12,000 descriptors)"),
  ignore: namespace.ignore || !enough,
  async fn() {
    const script = fileURLToPath(new URL("../support/idle_connections.ts", import.meta.url));
    const { code, text, stderr } = await runProgram(
      ["unshare", ["-rn", Deno.execPath(), "run", "-A", script, "5000"]],
    );
    assertEquals([code, stderr], [0, ""]);
    const { bytesEach, synRetries } = JSON.parse(text) as IdleCost;
    assertEquals(synRetries, 0);
    assertLess(bytesEach, 16_000);
  },
});
