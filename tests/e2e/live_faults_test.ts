/** What faults that come and go do to connections that are open, as toxiproxy does it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { readAll, readExactly, writeAll } from "../support/connections.ts";
import { Controlled } from "../support/control.ts";
import { needing, onLinux } from "../support/skips.ts";
import { Running, Server, Watchdog } from "../support/programs.ts";

const BYTES = new Uint8Array([1, 2, 3]);
const HOUR = 3_600_000;

class Proxied implements AsyncDisposable {
  readonly server: Controlled;
  readonly #echo: Running;
  readonly port: number;

  private constructor(server: Controlled, { echo, port }: { echo: Running; port: number }) {
    this.server = server;
    this.#echo = echo;
    this.port = port;
  }

  static async start(service = "echo"): Promise<Proxied> {
    const echo = await Server.start(["-q", "--service", service]);
    const server = await Controlled.start();
    const upstream = `127.0.0.1:${echo.port}`;
    await server.ask("POST /proxies", { name: "p", listen: "127.0.0.1:0", upstream });
    return new Proxied(server, { echo, port: await server.portOf("p") });
  }

  async connect(): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    await writeAll(conn, BYTES);
    assertEquals(await readExactly(conn, 3), BYTES);
    return conn;
  }

  async add(type: string, attributes: object, stream = "downstream"): Promise<void> {
    const toxic = { name: "t", type, stream, attributes };
    assertEquals((await this.server.ask("POST /proxies/p/toxics", toxic)).status, 200);
  }

  async update(attributes: object): Promise<void> {
    assertEquals((await this.server.ask("POST /proxies/p/toxics/t", { attributes })).status, 200);
  }

  /** Waits until the proxy has received so many bytes from that side. */
  async received(direction: string, bytes: number): Promise<void> {
    const name = `toxiproxy_proxy_received_bytes_total{direction="${direction}"`;
    const watchdog = new Watchdog();
    for (let seen = 0; seen < bytes;) {
      const { text } = await this.server.ask("GET /metrics");
      seen = Number(text.split("\n").find((line) => line.startsWith(name))!.split(" ").at(-1));
      assert(!watchdog.barked, `${seen} of ${bytes} bytes ${direction}`);
    }
    watchdog.cancel();
  }

  async remove(): Promise<void> {
    assertEquals((await this.server.ask("DELETE /proxies/p/toxics/t")).status, 204);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#echo[Symbol.asyncDispose]();
  }
}

for (const stream of ["upstream", "downstream"]) {
  for (
    const [type, attributes] of [
      ["latency", { latency: HOUR }],
      ["bandwidth", { rate: 0 }],
      ["slicer", { average_size: 1, delay: HOUR * 1000 }],
    ] as const
  ) {
    Deno.test(`live: ${type} ${stream} holds what comes next, and lets it go when it is removed`, async () => {
      await using proxied = await Proxied.start();
      using conn = await proxied.connect();
      await proxied.add(type, attributes, stream);
      await writeAll(conn, new Uint8Array([4, 5, 6]));
      await writeAll(conn, new Uint8Array([7, 8, 9]));
      await proxied.received(stream, 9);
      await proxied.remove();
      assertEquals([...await readExactly(conn, 6)], [4, 5, 6, 7, 8, 9]);
      await writeAll(conn, BYTES);
      assertEquals(await readExactly(conn, 3), BYTES);
    });
  }
}

Deno.test("live: a chunk that waits is let go by an update, and later ones wait for the new time", async () => {
  await using proxied = await Proxied.start();
  using conn = await proxied.connect();
  await proxied.add("latency", { latency: HOUR });
  await writeAll(conn, new Uint8Array([4]));
  await proxied.received("downstream", 4);
  await proxied.update({ latency: HOUR - 1 });
  const reading = conn.read(new Uint8Array(8));
  await writeAll(conn, new Uint8Array([5])); // behind it, or let go with it
  assertEquals(await reading, 1);
  await proxied.update({ latency: 0 });
  assertEquals([...await readExactly(conn, 1)], [5]);
});

Deno.test("live: a held end comes at once when slow_close is removed", async () => {
  await using proxied = await Proxied.start();
  using conn = await proxied.connect();
  await proxied.add("slow_close", { delay: HOUR });
  await conn.closeWrite();
  await proxied.server.line(/holds the end back/);
  await proxied.remove();
  assertEquals((await readAll(conn)).length, 0);
});

Deno.test("live: a timeout that is removed closes the connection, as bytes are missing", async () => {
  await using proxied = await Proxied.start();
  using conn = await proxied.connect();
  await proxied.add("timeout", { timeout: 0 }, "upstream");
  await writeAll(conn, BYTES);
  await proxied.received("upstream", 6);
  await proxied.update({ timeout: HOUR }); // closes nothing
  assertEquals(((await proxied.server.ask("GET /v1/sessions")).json as unknown[]).length, 1);
  await proxied.remove();
  assertEquals((await readAll(conn)).length, 0);
});

Deno.test({
  ...onLinux("live: reset_peer ends an open connection by FIN, and a later one by RST"),
  async fn() {
    await using proxied = await Proxied.start();
    using open = await proxied.connect();
    await proxied.add("reset_peer", { timeout: 0 });
    await writeAll(open, BYTES);
    assertEquals((await readAll(open)).length, 0);
    using later = await Deno.connect({ hostname: "127.0.0.1", port: proxied.port });
    await writeAll(later, BYTES);
    if (Deno.env.get("NETECHO_FFI") === "0") await readAll(later);
    else await assertRejects(() => readAll(later), Deno.errors.ConnectionReset);
  },
});

Deno.test("live: limit_data counts from its addition on, also over an update", async () => {
  await using proxied = await Proxied.start();
  using conn = await proxied.connect();
  await proxied.add("limit_data", { bytes: 100 });
  await writeAll(conn, new Uint8Array(40));
  await readExactly(conn, 40);
  await proxied.update({ bytes: 50 });
  await writeAll(conn, new Uint8Array(40));
  assertEquals((await readAll(conn)).length, 10);
  using passed = await proxied.connect(); // 3 bytes
  await proxied.update({ bytes: 2 });
  await writeAll(passed, BYTES);
  assertEquals((await readAll(passed)).length, 0);
});

Deno.test("live: chance is drawn by seed, name and number of changes, not by what else happens", async () => {
  const struck = async (others: boolean) => {
    await using server = await Controlled.start(["-q", "--seed", "11"]);
    await using echo = await Server.start(["-q"]);
    const upstream = `127.0.0.1:${echo.port}`;
    await server.ask("POST /proxies", { name: "p", listen: "127.0.0.1:0", upstream });
    if (others) await server.ask("POST /proxies", { name: "q", listen: "127.0.0.1:0", upstream });
    const hostname = "127.0.0.1";
    const port = await server.portOf("p");
    const conns: Deno.TcpConn[] = [];
    for (let count = 0; count < 24; count++) {
      const conn = await Deno.connect({ hostname, port });
      await writeAll(conn, BYTES);
      await readExactly(conn, 3);
      conns.push(conn);
    }
    const results: boolean[][] = [];
    await server.ask("POST /proxies/p/toxics", { type: "limit_data", toxicity: 0, name: "t" });
    if (others) await server.ask("POST /proxies/p/toxics", { type: "noop" });
    await server.ask("POST /proxies/p/toxics/t", { toxicity: 0.5 });
    results.push(
      await Promise.all(conns.map(async (conn) => {
        await writeAll(conn, BYTES);
        const ended = await conn.read(new Uint8Array(8)) === null;
        conn.close();
        return ended;
      })),
    );
    return results;
  };
  const once = await struck(false);
  assertEquals(await struck(true), once);
  assertEquals(new Set(once[0]).size, 2);
});

Deno.test({
  ...needing(["redis-server", "redis-cli"], "live: a latency bites on an open redis-cli"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const socket = `${folder}/redis.sock`;
    const redis = ["redis-server", ["--port", "0", "--unixsocket", socket, "--save", ""]] as const;
    await using server = new Running([redis[0], redis[1]]);
    await server.line(/Ready to accept|ready to accept/);
    await using control = await Controlled.start([`127.0.0.1:0=forward,name=r,to=unix:${socket}`]);
    const port = /127\.0\.0\.1:(\d+)/.exec(await control.line(/^listening/))![1]!;
    await using client = new Running(["redis-cli", ["-p", port]], { stdin: "piped" });
    const writer = client.stdin.getWriter();
    const say = (text: string) => writer.write(new TextEncoder().encode(`${text}\n`));
    const ask = async (text: string) => {
      await say(`ECHO ${text}`);
      await client.line(new RegExp(`^"?${text}"?$`));
    };
    await ask("one");
    await control.ask("POST /proxies/r/toxics", { type: "latency", attributes: { latency: 700 } });
    await ask("two");
    await control.line(/fault latency_downstream delays by 700 ms/);
    await control.ask("POST /proxies/r/toxics/latency_downstream", {
      attributes: { latency: HOUR },
    });
    await say("ECHO three");
    await control.line(/fault latency_downstream delays by 1 h|3600 s|60 min/);
    await control.ask("POST /reset");
    await client.line(/^"?three"?$/);
    await writer.close();
    await Deno.remove(folder, { recursive: true });
  },
});
