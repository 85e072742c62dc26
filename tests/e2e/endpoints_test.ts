/** Endpoints with options, faults and names of their own. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { echoThrough, readAll } from "../support/connections.ts";
import { netecho, netechoCommand, Running, Server } from "../support/programs.ts";
import { randomBytes } from "../support/bytes.ts";

function start(args: readonly string[]): Running {
  return new Running(netechoCommand(["server", ...args]));
}

async function portsOf(server: Running, count: number): Promise<number[]> {
  await server.line({ test: () => listening(server).length === count });
  return listening(server);
}

function listening({ lines }: Running): number[] {
  return lines.flatMap((line) =>
    /^listening .*:(\d+)(?:,|$)/.exec(line)?.slice(1).map(Number) ?? []
  );
}

const dial = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

Deno.test("two forwarders go to their own peers; a fault on one leaves the other alone", async () => {
  await using echo = await Server.start();
  await using reply = await Server.start(["--reply", "other"], "127.0.0.1:0=reply");
  await using server = start([
    `127.0.0.1:0=forward,to=127.0.0.1:${echo.port},name=plain`,
    `127.0.0.1:0=forward,to=127.0.0.1:${reply.port},name=slow`,
    "--fault",
    "corrupt:100%,on=slow",
  ]);
  const [plain, slow] = await portsOf(server, 2);
  const bytes = randomBytes(1_000_000);
  assertEquals(await echoThrough(await dial(plain!), bytes), bytes);
  const conn = await dial(slow!);
  const answer = await readAll(conn);
  conn.close();
  assertEquals(answer.length, 5);
  const intact = new TextEncoder().encode("other").filter((byte, at) => byte === answer[at]);
  assertEquals(intact.length, 0);
  await server.line(/slow #2 fault corrupt/);
  await server.line(/plain #1 opened/);
  await server.line(/slow #2 opened .*forward/);
});

Deno.test("each endpoint takes its own turns through the addresses of --to", async () => {
  await using one = await Server.start(["--reply", "one"], "127.0.0.1:0=reply");
  await using two = await Server.start(["--reply", "two"], "127.0.0.1:0=reply");
  const to = [one, two].flatMap(({ port }) => ["--to", `127.0.0.1:${port}`]);
  await using server = start(["127.0.0.1:0=forward", "127.0.0.1:0=forward", ...to]);
  const [first, second] = await portsOf(server, 2);
  const answers: string[] = [];
  for (const port of [first!, second!, first!, second!]) {
    const conn = await dial(port);
    answers.push(new TextDecoder().decode(await readAll(conn)));
    conn.close();
  }
  assertEquals(answers, ["one", "one", "two", "two"]);
});

Deno.test("limits and access of an endpoint are its own; others share the server's", async () => {
  await using server = start([
    "127.0.0.1:0,max-connections=1",
    "127.0.0.1:0",
    "127.0.0.1:0",
    "127.0.0.1:0,deny=127.0.0.0/8",
    "--max-connections",
    "2",
  ]);
  const ports = await portsOf(server, 4);
  const served = async (port: number) => {
    const conn = await dial(port);
    await conn.write(new Uint8Array([1]));
    const length = await conn.read(new Uint8Array(8)).catch(() => null);
    if (length === null) conn.close();
    return length === null ? undefined : conn;
  };
  const open = [await served(ports[0]!), await served(ports[1]!), await served(ports[2]!)];
  assert(open.every((conn) => conn));
  for (const port of ports) assertEquals(await served(port), undefined);
  open[1]!.close();
  await server.line(/closed/);
  const again = await served(ports[2]!);
  assert(again);
  for (const conn of [open[0]!, open[2]!, again]) conn.close();
});

Deno.test("JSON events always name the endpoint; a disabled one does not listen", async () => {
  await using server = start(["127.0.0.1:0,name=a", "127.0.0.1:9,enabled=false", "--json"]);
  const disabled = JSON.parse(await server.line(/"event":"disabled"/));
  assertEquals([disabled.endpoint, disabled.address], ["127.0.0.1:9", "tcp://127.0.0.1:9"]);
  const { endpoint, port } = JSON.parse(await server.line(/"event":"listening"/));
  assertEquals(endpoint, "a");
  await echoThrough(await dial(port), new Uint8Array([1]));
  for (const event of ["opened", "data", "closed"]) {
    const line = JSON.parse(await server.line(new RegExp(`"event":"${event}"`)));
    assertEquals([event, line.endpoint], [event, "a"]);
  }
});

for (
  const [args, message] of [
    [
      ["0.0.0.0:7777", "[::]:7777"],
      /\[::\]:7777 serves IPv4 and IPv6.*leave tcp:\/\/0.0.0.0:7777 out/,
    ],
    [["127.0.0.1:0", "--fault", "latency:1s,on=db"], /no endpoint is named db/],
    [["127.0.0.1:0,name=db", "--fault", "latency:1s,on=dbb"], /did you mean db\?/],
    [["127.0.0.1:0,to=a:1"], /to is for service forward/],
    [["127.0.0.1:0", "--to", "a:1"], /Option --to does not apply here/],
  ] as const
) {
  Deno.test(`server ${args.join(" ")}: one line, exit 2`, async () => {
    const { code, text, stderr } = await netecho(["server", ...args]);
    assertEquals([code, text], [2, ""]);
    assertMatch(stderr, message);
    assertEquals(stderr.split("\n").length, 2);
  });
}
