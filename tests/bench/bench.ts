/**
 * Measures the server against plain echo servers in C, Go, Node and socat, side by side in one run,
 * the client against a C ping-pong and a C load generator, loads against their own repetition,
 * start-up against a one-line Deno program, throughput against iperf3, and the page of the control
 * interface against itself, idle. Prints Markdown tables.
 *
 * usage: deno task bench [ROUNDS]          (default 9; a round takes about 60 s)
 *        deno task bench PART [ROUNDS]     (one of servers, fairness, forward, client, repeats,
 *                                           startup, throughput, page; default 3)
 *
 * Figures are CPU time of the server, its children included, for each message in its least
 * disturbed round, and their ratio to the first server's: other work on the machine only ever adds,
 * and only what was measured side by side compares. Linux; what the machine lacks is skipped by
 * name.
 */
import { netechoCommand, Running } from "../support/programs.ts";
import { Authority } from "../support/pki.ts";
import { compareClient } from "./client.ts";
import { build, competitors, type Workshop } from "./competitors.ts";
import { Contender, type Load, measureAll, median } from "./contender.ts";
import { compareFairness } from "./fairness.ts";
import { compareForward } from "./forward.ts";
import { comparePage } from "./page.ts";
import { compareRepeats } from "./repeats.ts";
import { compareThroughput } from "./throughput.ts";

const LOADS: readonly Load[] = [
  { name: "TCP, 64 B, 50 connections", transport: "tcp", connections: 50, size: 64 },
  { name: "TCP, 1 MiB, 4 connections", transport: "tcp", connections: 4, size: 1024 * 1024 },
  { name: "Unix, 64 B, 50 connections", transport: "unix", connections: 50, size: 64 },
  { name: "TLS, 64 B, 20 connections", transport: "tls", connections: 20, size: 64 },
  { name: "UDP, 64 B, 20 remotes", transport: "udp", connections: 20, size: 64 },
];

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

async function compare(load: Load, { workshop, rounds }: { workshop: Workshop; rounds: number }) {
  await using stack = new AsyncDisposableStack();
  const contenders = competitors(load.transport, workshop).map((competitor) =>
    stack.use(new Contender(competitor))
  );
  await measureAll(contenders, { load, workshop, rounds });
  const least = contenders.map(({ results }) => Math.min(...results.map(({ cpu }) => cpu)));
  const base = contenders[0]!.name.split(",")[0];
  say(
    `\n| ${load.name} | CPU a message | of ${base}'s | messages/s |\n| --- | ---: | ---: | ---: |`,
  );
  for (const [index, { name, results }] of contenders.entries()) {
    const ratio = least[index]! / least[0]!;
    const rate = Math.round(Math.max(...results.map(({ rate }) => rate)));
    say(
      `| ${name} | ${least[index]!.toFixed(2)} us | ${ratio.toFixed(2)} | ` +
        `${rate.toLocaleString("en")} |`,
    );
  }
}

// Milliseconds until a program has printed its first line, or ended.
async function startUp(command: [string, readonly string[]]): Promise<number> {
  const started = performance.now();
  await using program = new Running(command);
  await program.line(/./);
  return performance.now() - started;
}

async function compareStartUp(folder: string, rounds: number): Promise<void> {
  const line = `${folder}/line.ts`;
  await Deno.writeTextFile(line, 'console.log("hello");\n');
  const programs: Readonly<Record<string, [string, readonly string[]]>> = {
    "a one-line Deno program": [Deno.execPath(), ["run", "-A", line]],
    "netecho --version": netechoCommand(["--version"]),
    "netecho server, to its listening line": netechoCommand(["server", "127.0.0.1:0"]),
  };
  const times = new Map(Object.keys(programs).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds * 3; round++) {
    for (const [name, command] of Object.entries(programs)) {
      const time = await startUp(command);
      if (round > 0) times.get(name)!.push(time); // the first fills caches
    }
  }
  say("\n| start-up | time | ratio |\n| --- | ---: | ---: |");
  const base = median([...times.values()][0]!);
  for (const [name, all] of times) {
    say(`| ${name} | ${median(all).toFixed(1)} ms | ${(median(all) / base).toFixed(2)} |`);
  }
}

const [first = "9", second = "3"] = Deno.args;
const only = Number.isNaN(Number(first)) ? first : undefined;
const rounds = Number(only ? second : first);
const folder = await Deno.makeTempDir();
await using authority = await Authority.create();
const workshop = { folder, authority, issued: await authority.issue(), say };
await build(workshop);
const parts = new Map<string, () => Promise<void>>([
  ["servers", async () => {
    for (const load of LOADS) await compare(load, { workshop, rounds });
  }],
  ["fairness", () => compareFairness(workshop)],
  ["forward", () => compareForward({ workshop, rounds })],
  ["client", () => compareClient({ workshop, rounds })],
  ["repeats", () => compareRepeats(workshop)],
  ["startup", () => compareStartUp(folder, rounds)],
  ["throughput", () => compareThroughput({ say, rounds })],
  ["page", () => comparePage(workshop)],
]);
if (only && !parts.has(only)) {
  say(`there is no part "${only}"; there are ${[...parts.keys()].join(", ")}`);
  Deno.exit(2);
}
for (const [name, part] of parts) if (!only || name === only) await part();
await Deno.remove(folder, { recursive: true });
