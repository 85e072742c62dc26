/** The forwarder beside raw copy loops, socat, and one in Go that is built as toxiproxy is. */
import { fileURLToPath } from "node:url";
import { has } from "../support/skips.ts";
import { netechoCommand, Running } from "../support/programs.ts";
import { unusedPort } from "../support/system.ts";
import type { Competitor, Workshop } from "./competitors.ts";
import { Contender, type Load, measureAll } from "./contender.ts";

const [SMALL, LARGE]: readonly [Load, Load] = [
  { name: "forwarding, 64 B, 50 connections", transport: "tcp", connections: 50, size: 64 },
  { name: "forwarding, 64 KiB, 4 connections", transport: "tcp", connections: 4, size: 65_536 },
];
const DELAYED: Load = { ...SMALL, name: "forwarding, 64 B, 50 connections, 1 ms later" };

/** Measures CPU time a message, and prints Markdown tables; the C echo server is behind all. */
export async function compareForward(
  { workshop, rounds }: { readonly workshop: Workshop; readonly rounds: number },
): Promise<void> {
  const { folder, say } = workshop;
  const runs = [[SMALL, forwarders], [LARGE, forwarders], [DELAYED, delayers]] as const;
  for (const [load, contendersOf] of runs) {
    await using echo = new Running([`${folder}/echo`, ["0"]]);
    const to = /\d+$/.exec(await echo.line(/listening/))![0];
    await using stack = new AsyncDisposableStack();
    const contenders = contendersOf(folder, to).map((each) => stack.use(new Contender(each)));
    await measureAll(contenders, { load, workshop, rounds });
    const least = contenders.map(({ results }) => Math.min(...results.map(({ cpu }) => cpu)));
    say(`\n| ${load.name} | CPU a message | of netecho's |\n| --- | ---: | ---: |`);
    for (const [index, { name }] of contenders.entries()) {
      const ratio = (least[index]! / least[0]!).toFixed(2);
      say(`| ${name} | ${least[index]!.toFixed(2)} us | ${ratio} |`);
    }
  }
}

function forwarders(folder: string, to: string): Competitor[] {
  const port = String(unusedPort());
  const from = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=1024`;
  const script =
    `echo listening ${port}; exec socat ${from} TCP:127.0.0.1:${to},nodelay 2>/dev/null`;
  return [
    netecho(to),
    rawForwarder("0", to),
    ...(has("socat")
      ? [{ name: "socat", command: ["bash", ["-c", script]] as [string, string[]] }]
      : []),
    ...(has("go") ? [goForwarder(folder, "0", to)] : []),
  ];
}

// Each direction waits.
function delayers(folder: string, to: string): Competitor[] {
  const delayed = netecho(to, "--fault", "latency:1ms,direction=both");
  return [
    delayed,
    ...(Deno.build.os === "linux" ? [rawForwarder("0", to, "1")] : []),
    ...(has("go") ? [goForwarder(folder, "0", to, "1")] : []),
  ];
}

function netecho(to: string, ...args: string[]): Competitor {
  const server = ["server", "127.0.0.1:0=forward", "--to", `127.0.0.1:${to}`, "-q", ...args];
  return { name: "netecho -q", command: netechoCommand(server) };
}

function rawForwarder(...args: string[]): Competitor {
  const path = fileURLToPath(new URL("peers/forward.ts", import.meta.url));
  return { name: "raw loops in Deno", command: [Deno.execPath(), ["run", "-A", path, ...args]] };
}

function goForwarder(folder: string, ...args: string[]): Competitor {
  return { name: "Go, as toxiproxy", command: [`${folder}/forward_go`, args] };
}
