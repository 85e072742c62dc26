/**
 * Attacks a server for minutes, and checks that nothing of it stays: connections, descriptors, heap,
 * resident memory. Linux.
 *
 * usage: deno task soak [MINUTES [SEED]]      (default 10 minutes, seed 1)
 */
import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { fileURLToPath } from "node:url";
import { fuzz, fuzzers } from "../support/fuzz.ts";
import { Authority } from "../support/pki.ts";
import { residentMemory, withFolder } from "../support/system.ts";
import { exhaust, wave } from "./waves.ts";

const CLIENTS_PER_PORT = 300; // in a wave
const DESCRIPTORS = 300; // that the server may have
const MORE_CLIENTS = 150; // for each port at once, which are more than that
const FUZZED_INPUTS = 100_000; // of each kind
const GROWTH = 1.05; // that heap and resident memory may show at the end
const FAULTS = [
  "latency:20ms,jitter=10ms,on=faulty",
  "slicer:200,size_variation=100,on=faulty",
  "corrupt:0.01%,on=faulty",
  "stall:50ms,toxicity=0.2,on=faulty",
  "reset_peer:50ms,toxicity=0.1,on=faulty",
  "limit_data:100KB,toxicity=0.1,on=faulty",
  "timeout:200ms,toxicity=0.05,on=faulty",
  "slow_close:50ms,on=faulty",
];

const OTHER_SERVICES = ["discard", "chargen", "daytime", "time", "reply,reply=ok", "iperf3"];

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

/** What a server holds when nobody is connected. */
interface Footprint {
  readonly heap: number;
  readonly resident: number;
  readonly descriptors: number;
}

/** The server under attack. */
class Target implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #out: ReadableStreamDefaultReader<string>;
  readonly #err: ReadableStreamDefaultReader<string>;

  constructor(args: readonly string[]) {
    const serve = fileURLToPath(new URL("serve.ts", import.meta.url));
    const program = [Deno.execPath(), "run", "-A", "--v8-flags=--expose-gc", serve, ...args];
    this.#child = new Deno.Command("sh", {
      args: ["-c", `ulimit -n ${DESCRIPTORS}; exec "$@"`, "sh", ...program],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#out = linesOf(this.#child.stdout);
    this.#err = linesOf(this.#child.stderr);
  }

  /** The port of the next `listening` line. */
  async port(): Promise<number> {
    return Number(/^listening .*:(\d+)\b/.exec(await this.#line(this.#out, /^listening/))![1]);
  }

  /** Waits until nobody is connected, and returns what is held then. */
  async footprint(): Promise<Footprint> {
    await this.#line(this.#out, / 0 open/);
    await this.#line(this.#out, / 0 open/); // a whole interval without anybody
    this.#child.kill("SIGUSR2");
    const heap = Number(/\d+/.exec(await this.#line(this.#err, /^heap/))![0]);
    const descriptors = [...Deno.readDirSync(`/proc/${this.#child.pid}/fd`)].length;
    return { heap, resident: residentMemory(this.#child.pid), descriptors };
  }

  async #line(from: ReadableStreamDefaultReader<string>, pattern: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await from.read();
      if (done) throw new Error(`the server has ended, and no line matches ${pattern}`);
      if (pattern.test(value)) return value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

function linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStreamDefaultReader<string> {
  return stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
}

async function soak(minutes: number, seed: number, folder: string): Promise<void> {
  await using authority = await Authority.create();
  const { cert, key } = await authority.issue();
  await using upstream = new Target(["127.0.0.1:0", "-q", "--stats", "500ms"]);
  const to = `127.0.0.1:${await upstream.port()}`;
  const endpoints = [
    "127.0.0.1:0",
    "127.0.0.1:0,name=faulty",
    `127.0.0.1:0=forward,to=${to}`,
    `tls://127.0.0.1:0,cert=${cert},key=${key}`,
  ];
  const others = [
    `127.0.0.1:0=forward,to=udp://${to}`,
    `tls://127.0.0.1:0,cert=${cert},key=${key},client-ca=${cert}`,
    ...OTHER_SERVICES.map((service) => `127.0.0.1:0=${service}`),
  ];
  // Nobody reads what it prints during a wave.
  await using target = new Target([
    ...endpoints,
    ...others,
    ...FAULTS.flatMap((fault) => ["--fault", fault]),
    ...["--show", "hex", "--stats", "500ms", "--idle-timeout", "3s", "--seed", String(seed)],
    ...["--capture", `${folder}/soak.pcapng`, "--capture-size", "10MB"],
  ]);
  const all: number[] = [];
  while (all.length < endpoints.length + others.length) all.push(await target.port());
  const ports = all.slice(0, endpoints.length);
  const first = await target.footprint();
  const rounds: Footprint[] = [];
  const end = Date.now() + minutes * 60_000;
  while (rounds.length < 3 || Date.now() < end) {
    const number = rounds.length;
    await wave({ ports, exact: ports[0]!, count: CLIENTS_PER_PORT, seed: seed + number });
    await exhaust({ ports: all, count: MORE_CLIENTS });
    const now = await target.footprint();
    rounds.push(now);
    const [heap, resident] = [now.heap, now.resident].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    say(`wave ${number + 1}: heap ${heap} MiB, resident ${resident} MiB, ${now.descriptors} open`);
    for await (const { name } of Deno.readDir(folder)) await Deno.remove(`${folder}/${name}`);
  }
  const [, second] = rounds;
  const last = rounds.at(-1)!;
  assertEquals(last.descriptors, second!.descriptors, "descriptors stay open");
  assert(
    last.heap <= second!.heap * GROWTH,
    `the heap grows: from ${second!.heap} to ${last.heap}`,
  );
  // It goes up and down by a twelfth, as the allocator keeps more or less.
  const late = rounds.slice(-Math.ceil(rounds.length / 4));
  const resident = Math.min(...late.map((each) => each.resident));
  assert(
    resident <= second!.resident * GROWTH,
    `resident memory grows: from ${second!.resident} to ${resident}`,
  );
  say(`after ${rounds.length} waves nothing has grown; the heap began at ${first.heap}`);
}

const [minutes = 10, seed = 1] = Deno.args.map(Number);
for (const name of fuzzers.keys()) {
  await fuzz(name, { count: FUZZED_INPUTS, seed });
  say(`fuzzed ${FUZZED_INPUTS.toLocaleString("en")} ${name}`);
}
await withFolder((folder) => soak(minutes, seed, folder));
