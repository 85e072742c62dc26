/** What the tests share: the program run from outside, real peers, random bytes. */
import { TextLineStream } from "@std/streams/text-line-stream";
import { toBytes } from "@std/streams/to-bytes";
import { toText } from "@std/streams/to-text";
import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";
import { hasNodeNetworking } from "../lib/core/runtime.ts";

/** The repository. */
export const ROOT = new URL("..", import.meta.url);
const MAIN = fileURLToPath(new URL("main.ts", ROOT));
const BINARY = Deno.env.get("NETECHO_BIN");
const IMPORT_MAP = Deno.env.get("NETECHO_IMPORT_MAP");
const RUN = ["run", "-A", ...(IMPORT_MAP ? ["--no-lock", `--import-map=${IMPORT_MAP}`] : []), MAIN];

/** The command line that runs netecho: the sources, or the binary that NETECHO_BIN names. */
export function netechoCommand(args: readonly string[]): [string, string[]] {
  return BINARY ? [BINARY, [...args]] : [Deno.execPath(), [...RUN, ...args]];
}

/** The same as one line for a POSIX shell. */
export function netechoShell(args: readonly string[]): string {
  const [command, rest] = netechoCommand(args);
  return [command, ...rest].map((word) => `'${word}'`).join(" ");
}

/** What a finished program left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly text: string;
  readonly stderr: string;
}

/** Input of a program: bytes, or a function that writes them as it likes. */
export type Input = Uint8Array | string | ((writer: WritableStreamDefaultWriter) => Promise<void>);

/** Runs a program to its end. */
export async function runProgram(
  [command, args]: [string, readonly string[]],
  { input = "", env }: { input?: Input; env?: Record<string, string> } = {},
): Promise<Finished> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).spawn();
  const stdin = child.stdin.getWriter();
  feed(stdin, input);
  const [stdout, stderr, { code }] = await Promise.all([
    toBytes(child.stdout),
    toText(child.stderr),
    child.status,
  ]);
  await stdin.abort().catch(() => {}); // what it did not read
  return { code, stdout, text: new TextDecoder().decode(stdout), stderr };
}

/** Runs netecho to its end. */
export function netecho(
  args: readonly string[],
  options: { input?: Input; env?: Record<string, string> } = {},
): Promise<Finished> {
  return runProgram(netechoCommand(args), options);
}

/** Runs a line of bash to its end; `$PORT` and the like come from `env`. */
export function bash(
  script: string,
  options: { input?: Input; env?: Record<string, string> } = {},
): Promise<Finished> {
  return runProgram(["bash", ["-c", script]], options);
}

/** The line that a client brings in answer to `hello`, its input open until then. */
export async function greet(command: string, env: Record<string, string>): Promise<string> {
  const script = `coproc C { ${command}; }; echo hello >&"\${C[1]}"; ` +
    'read -r -u "${C[0]}" line; echo "$line"; kill $C_PID';
  return (await bash(script, { env })).text;
}

// A program may end before it has read its input: that is for the test to judge.
async function feed(stdin: WritableStreamDefaultWriter, input: Input): Promise<void> {
  try {
    if (typeof input === "function") await input(stdin);
    else await stdin.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await stdin.close();
  } catch {
    // It has ended.
  }
}

/** Input that never ends. */
export function endless(): Promise<void> {
  return new Promise(() => {});
}

const WATCHDOG_MS = 60_000; // for what takes seconds on a busy machine
const LINES_SHOWN = 40;

/** Ends a wait that would never end, so that the test can say what it saw. */
export class Watchdog {
  /** Resolves when the time is over. */
  readonly bark: Promise<void>;
  barked = false;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.bark = promise;
    this.#timer = setTimeout(() => {
      this.barked = true;
      resolve();
    }, WATCHDOG_MS);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

/** A program that runs beside the test, and the lines that it prints. */
export class Running implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly stderr: Promise<string>;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #wake = Promise.withResolvers<void>();
  #ended = false;

  constructor(
    [command, args]: [string, readonly string[]],
    { stdin = "null", env }: { stdin?: "null" | "piped"; env?: Record<string, string> } = {},
  ) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      stdin,
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", ...env },
    }).spawn();
    this.stderr = toText(this.#child.stderr);
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stdin(): WritableStream<Uint8Array> {
    return this.#child.stdin;
  }

  /** The first line, from now or before, that matches; fails with what was printed instead. */
  async line(pattern: { test(line: string): boolean }): Promise<string> {
    const watchdog = new Watchdog();
    try {
      for (;;) {
        const found = this.lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        const why = this.#ended ? "ended" : watchdog.barked ? "did not go on" : undefined;
        assert(!why, `the program ${why}, and no line matches ${pattern}:\n${this.#lastLines()}`);
        await Promise.race([this.#wake.promise, watchdog.bark]);
      }
    } finally {
      watchdog.cancel();
    }
  }

  #lastLines(): string {
    const left = this.lines.length - LINES_SHOWN;
    const more = left > 0 ? `... ${left} lines before\n` : "";
    return more + this.lines.slice(-LINES_SHOWN).join("\n");
  }

  kill(signal: Deno.Signal = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Waits until the program has ended by itself. */
  async end(): Promise<{ code: number; stderr: string }> {
    const [{ code }, stderr] = await Promise.all([this.#child.status, this.stderr, this.#reading]);
    return { code, stderr };
  }

  /** Asks the program to stop, and waits until it has. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<{ code: number; stderr: string }> {
    if (!this.#ended) this.kill(signal);
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.end();
  }

  async #read(): Promise<void> {
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    );
    for await (const line of lines) {
      this.lines.push(line);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
    this.#ended = true;
    this.#wake.resolve();
  }
}

/** A netecho server on a free port of 127.0.0.1. */
export class Server extends Running {
  port = 0;

  /** Starts one and waits until it listens. */
  static async start(
    args: readonly string[] = [],
    address = "127.0.0.1:0",
  ): Promise<Server> {
    const server = new Server(netechoCommand(["server", address, ...args]));
    const json = args.includes("--json");
    const line = await server.line(json ? /"event":"listening"/ : /^listening /);
    server.port = json ? JSON.parse(line).port : Number(/:(\d+)$/.exec(line)?.[1]);
    return server;
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** The events so far of a server that runs with `--json`. */
  get events(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }
}

/** Random bytes, the same for the same seed (mulberry32). */
export function randomBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  const next = randomWords(seed);
  for (let index = 0; index < words.length; index++) words[index] = next();
  return new Uint8Array(words.buffer, 0, length);
}

/** A generator of 32-bit words. */
export function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return (word ^ (word >>> 14)) >>> 0;
  };
}

/** The SHA-256 of some bytes, in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Sends bytes, half-closes, and returns all that comes back. */
export async function echoThrough(
  conn: Deno.Conn,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const sending = writeAll(conn, bytes).then(() => conn.closeWrite());
  const [received] = await Promise.all([readAll(conn), sending]);
  conn.close();
  return received;
}

/**
 * Sends bytes and checks each as it comes back, keeping none; returns how many came as sent. No
 * more than 512 KiB are under way: hundreds of clients with more would run the kernel out of TCP
 * memory (net.ipv4.tcp_mem), and then it drops segments and backs off for minutes.
 */
export async function countEchoes(conn: Deno.Conn, bytes: Uint8Array): Promise<number> {
  const slice = 512 * 1024;
  for (let at = 0; at < bytes.length; at += slice) {
    const sent = bytes.subarray(at, at + slice);
    const [back] = await Promise.all([readExactly(conn, sent.length), writeAll(conn, sent)]);
    const wrong = back.findIndex((byte, index) => byte !== sent[index]);
    if (wrong >= 0) return at + wrong;
  }
  await conn.closeWrite();
  const rest = await readAll(conn);
  conn.close();
  return bytes.length + rest.length;
}

/** Writes every byte. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}

/** Reads to the peer's FIN. */
export async function readAll(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: BlobPart[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const length = await conn.read(buffer);
    if (length === null) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(buffer.slice(0, length));
  }
}

/** Reads exactly this many bytes. */
export async function readExactly(conn: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    assert(count !== null, `the peer ended after ${at} of ${length} bytes`);
    at += count;
  }
  return bytes;
}

/** Runs a test with a folder of its own. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A port on which nobody listens. */
export function unusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Resident memory of a process, in bytes (Linux). */
export function residentMemory(pid: number): number {
  const pages = Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ")[1];
  return Number(pages) * 4096;
}

/**
 * CPU time that a process and its children have used, in milliseconds to the nearest 10 (Linux).
 */
export function cpuTime(pid: number): number {
  try {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
    return children.split(" ").filter(Boolean).map(Number).map(cpuTime).reduce(
      (a, b) => a + b,
      own,
    );
  } catch {
    return 0; // it has ended, and its parent counts it
  }
}

/** Whether a program is on the PATH. */
export function has(program: string): boolean {
  const paths = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  return paths.some((path) => {
    try {
      return Deno.statSync(`${path}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

/** The name of a test and whether it runs; what it lacks stands in its name. */
export function needing(
  programs: readonly string[],
  name: string,
): { name: string; ignore: boolean } {
  const lacking = programs.filter((program) => !has(program));
  if (lacking.length === 0) return { name, ignore: false };
  return { name: `${name} (skipped: no ${lacking.join(", ")} here)`, ignore: true };
}

/** The same for a test that looks into /proc or uses programs as they are on Linux. */
export function onLinux(
  name: string,
  programs: readonly string[] = [],
): { name: string; ignore: boolean } {
  if (Deno.build.os === "linux") return needing(programs, name);
  return { name: `${name} (skipped: needs Linux)`, ignore: true };
}

/** The same for a test that uses [::1]. */
export function withIPv6(name: string): { name: string; ignore: boolean } {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return { name, ignore: false };
  } catch {
    return { name: `${name} (skipped: no IPv6 here)`, ignore: true };
  }
}

/** The same for a test of what node:net and node:tls do, which not every runtime does right. */
export async function withNodeNetworking(name: string): Promise<{ name: string; ignore: boolean }> {
  const { text } = await runProgram(netechoCommand(["--version"]));
  const version = /Deno (\d+\.\d+)/.exec(text)?.[1] ?? "";
  if (hasNodeNetworking(version)) return { name, ignore: false };
  return { name: `${name} (skipped: needs Deno 2.9, this is ${version})`, ignore: true };
}

/** The same for a test that asks a program to stop, which Windows has no signal for. */
export function withSignals(name: string): { name: string; ignore: boolean } {
  const ignore = Deno.build.os === "windows";
  return { name: ignore ? `${name} (skipped: no signals on Windows)` : name, ignore };
}

/** The same for a test that makes a network namespace of its own, with `unshare -rn`. */
export function needingNamespace(name: string): { name: string; ignore: boolean } {
  const needs = onLinux(name, ["unshare", "ip"]);
  if (needs.ignore) return needs;
  const { success } = new Deno.Command("unshare", {
    args: ["-rn", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"],
    stderr: "null",
  }).outputSync();
  return success ? needs : { name: `${name} (skipped: no network namespaces here)`, ignore: true };
}
