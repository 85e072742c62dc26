/**
 * Measures the server against plain echo servers in C, Go and Node, side by side in one run, and
 * start-up against a one-line Deno program. Prints a Markdown table.
 *
 * usage: deno task bench [ROUNDS]      (default 9; a round takes about 15 s)
 *
 * Figures are CPU time of the server process for each message in its least disturbed round, and
 * their ratio to C's: other work on the machine only ever adds, and only what was measured side by
 * side compares. Linux; peers that the machine lacks are skipped by name.
 */
import { fileURLToPath } from "node:url";
import { cpuTime, has, netechoCommand, Running, runProgram } from "../helpers.ts";

const PEERS = fileURLToPath(new URL("peers/", import.meta.url));
const SECONDS = 1; // of load, for each server in each round

interface Competitor {
  readonly name: string;
  readonly command: [string, string[]];
}

interface Load {
  readonly name: string;
  readonly connections: number;
  readonly size: number;
}

const LOADS: readonly Load[] = [
  { name: "64 B, 50 connections", connections: 50, size: 64 },
  { name: "1 MiB, 4 connections", connections: 4, size: 1024 * 1024 },
];

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

async function build(folder: string): Promise<{ load: string; competitors: Competitor[] }> {
  if (!has("gcc")) throw new Error("the load generator needs gcc");
  for (const name of ["load", "echo"]) {
    await runProgram(["gcc", ["-O2", "-o", `${folder}/${name}`, `${PEERS}${name}.c`]]);
  }
  const competitors: Competitor[] = [{ name: "C, epoll", command: [`${folder}/echo`, ["0"]] }];
  if (has("go")) {
    await runProgram(["go", ["build", "-o", `${folder}/echo_go`, `${PEERS}echo.go`]]);
    competitors.push({ name: "Go, net", command: [`${folder}/echo_go`, ["0"]] });
  } else say("skipped: Go (no go here)");
  if (has("node")) {
    competitors.push({ name: "Node, pipe", command: ["node", [`${PEERS}echo.mjs`, "0"]] });
  } else say("skipped: Node (no node here)");
  competitors.push({
    name: "netecho -q",
    command: netechoCommand(["server", "127.0.0.1:0", "-q"]),
  });
  const [netecho, args] = netechoCommand(["server", "127.0.0.1:0"]);
  const log = await Deno.makeTempFile({ dir: folder });
  const command =
    `"$0" "$@" >${log} & echo $!; until [ -s ${log} ]; do :; done; head -n 1 ${log}; wait`;
  competitors.push({
    name: "netecho, log to a file",
    command: ["bash", ["-c", command, netecho, ...args]],
  });
  return { load: `${folder}/load`, competitors };
}

interface Result {
  readonly cpu: number; // microseconds a message
  readonly rate: number; // messages a second
}

class Contender implements AsyncDisposable {
  readonly name: string;
  readonly results: Result[] = [];
  readonly #process: Running;
  #port = "";
  #pid = 0;

  constructor({ name, command }: Competitor) {
    this.name = name;
    this.#process = new Running(command);
  }

  async ready(): Promise<void> {
    const line = await this.#process.line(/listening/);
    this.#port = /(\d+)$/.exec(line)![1]!;
    // A shell in between says whom it started.
    this.#pid = Number(this.#process.lines.find((line) => /^\d+$/.test(line)) ?? this.#process.pid);
  }

  async measure(load: string, { connections, size }: Load): Promise<Result> {
    const before = cpuTime(this.#pid);
    const { text, stderr } = await runProgram([
      load,
      [this.#port, String(connections), String(size), String(SECONDS)],
    ]);
    if (stderr) throw new Error(`${this.name}: ${stderr}`);
    const [messages, seconds] = text.split(" ").map(Number);
    return {
      cpu: (cpuTime(this.#pid) - before) * 1000 / messages!,
      rate: messages! / seconds!,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.kill(this.#pid, "SIGKILL");
    await this.#process[Symbol.asyncDispose]();
  }
}

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function compare(folder: string, load: Load, rounds: number): Promise<void> {
  const { load: generator, competitors } = await build(folder);
  await using stack = new AsyncDisposableStack();
  const contenders = competitors.map((competitor) => stack.use(new Contender(competitor)));
  for (const contender of contenders) {
    await contender.ready();
    await contender.measure(generator, load); // warm up
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      contender.results.push(await contender.measure(generator, load));
    }
  }
  const least = contenders.map(({ results }) => Math.min(...results.map(({ cpu }) => cpu)));
  say(`\n| ${load.name} | CPU a message | of C's | messages/s |\n| --- | ---: | ---: | ---: |`);
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

const rounds = Number(Deno.args[0] ?? 9);
const folder = await Deno.makeTempDir();
for (const load of LOADS) await compare(folder, load, rounds);
await compareStartUp(folder, rounds);
await Deno.remove(folder, { recursive: true });
