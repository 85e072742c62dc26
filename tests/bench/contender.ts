/** A program under load, and what the load cost it. */
import { cpuTime } from "../support/system.ts";
import { Running, runProgram } from "../support/programs.ts";
import { type Competitor, generator, type Transport, type Workshop } from "./competitors.ts";

const SECONDS = 1; // of load, for each server in each round

/** The load of one comparison. */
export interface Load {
  readonly name: string;
  readonly transport: Transport;
  readonly connections: number;
  readonly size: number;
}

/** What a round came to. */
export interface Result {
  readonly cpu: number; // microseconds a message
  readonly rate: number; // messages a second
}

/** One of those who are compared. */
export class Contender implements AsyncDisposable {
  readonly name: string;
  readonly results: Result[] = [];
  readonly #process: Running;
  #where = "";

  constructor({ name, command }: Competitor) {
    this.name = name;
    this.#process = new Running(command);
  }

  async ready(): Promise<void> {
    this.#where = /listening (.*)/.exec(await this.#process.line(/listening/))![1]!;
  }

  async measure({ transport, connections, size }: Load, workshop: Workshop): Promise<Result> {
    const { pid } = this.#process;
    const command = generator(transport, { where: this.#where, workshop });
    const before = cpuTime(pid);
    const { text, stderr } = await runProgram(command([connections, size, SECONDS].map(String)));
    if (stderr) throw new Error(`${this.name}: ${stderr}`);
    const [messages, seconds] = text.split(" ").map(Number);
    return { cpu: (cpuTime(pid) - before) * 1000 / messages!, rate: messages! / seconds! };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of childrenOf(this.#process.pid)) Deno.kill(child, "SIGKILL");
    await this.#process[Symbol.asyncDispose]();
  }
}

function childrenOf(pid: number): number[] {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return children.split(" ").filter(Boolean).map(Number);
}

/** Measures all of them in each round, after a round that does not count. */
export async function measureAll(
  contenders: readonly Contender[],
  { load, workshop, rounds }: {
    readonly load: Load;
    readonly workshop: Workshop;
    readonly rounds: number;
  },
): Promise<void> {
  for (const contender of contenders) {
    await contender.ready();
    await contender.measure(load, workshop);
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      contender.results.push(await contender.measure(load, workshop));
    }
  }
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]!;
}
