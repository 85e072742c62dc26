/** Programs run from outside: netecho, and whatever else a test needs. */
import { TextLineStream } from "@std/streams/text-line-stream";
import { toBytes } from "@std/streams/to-bytes";
import { toText } from "@std/streams/to-text";
import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = new URL("../..", import.meta.url);
const MAIN = fileURLToPath(new URL("main.ts", ROOT));
const BINARY = Deno.env.get("NETECHO_BIN");
const IMPORT_MAP = Deno.env.get("NETECHO_IMPORT_MAP");
const FFI_IS_DENIED = Deno.env.get("NETECHO_FFI") === "0";
/** Whether the program may call the system's functions; NETECHO_FFI=0 has it go without. */
export const MAY_USE_FFI = Deno.build.os === "linux" && !FFI_IS_DENIED;
const RUN = [
  ...["run", "-A"],
  ...(FFI_IS_DENIED ? ["--deny-ffi"] : []),
  ...(IMPORT_MAP ? ["--no-lock", `--import-map=${IMPORT_MAP}`] : []),
  MAIN,
];

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

const LONGEST_RUN_MS = 300_000; // of a program that has much to do, on a busy machine

/** Runs a program to its end; one that does not come to it is killed, and what it said is told. */
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
  let isKilled = false;
  const timer = setTimeout(() => {
    isKilled = true;
    child.kill("SIGKILL");
  }, LONGEST_RUN_MS);
  const [stdout, stderr, { code }] = await Promise.all([
    toBytes(child.stdout),
    toText(child.stderr),
    child.status,
  ]);
  clearTimeout(timer);
  await stdin.abort().catch(() => {}); // what it did not read
  const text = new TextDecoder().decode(stdout);
  if (isKilled) {
    throw new Error(`${[command, ...args].join(" ")} did not end; it said: ${text}${stderr}`);
  }
  return { code, stdout, text, stderr };
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

/** Runs shell commands, a line each, in a network namespace of their own. */
export function inNamespace(commands: readonly string[]): ReturnType<typeof runProgram> {
  return runProgram(["unshare", ["-rn", "bash", "-c", commands.join("\n")]]);
}

/** Starts a program in the background of a shell, as `$S_PID` with its output in `${S[0]}`. */
export const inBackground = (command: string): string => `coproc S { exec ${command}; }`;
