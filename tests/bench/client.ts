/** The client's instruments beside those in C, against the same servers in the same rounds. */
import type { BenchResult } from "../../lib/report/result.ts";
import { netechoCommand, Running, runProgram } from "../support/programs.ts";
import type { Workshop } from "./competitors.ts";
import { median } from "./contender.ts";

const ROUND_TRIPS = 20_000;
const SPACED_ROUND_TRIPS = 20;
const PAUSE_MS = 100;
const SECONDS = 2;
const CONNECTIONS = 50;
const RATE = 20_000; // requests a second of the open loop

/** One instrument's figures, as numbers by name. */
type Figures = Readonly<Record<string, number>>;

/** Measures by both, and prints Markdown tables of medians. */
export async function compareClient(
  { workshop, rounds }: { readonly workshop: Workshop; readonly rounds: number },
): Promise<void> {
  const { folder, say } = workshop;
  const servers: Record<string, [string, string[]]> = {
    "the C echo server": [`${folder}/echo`, ["0"]],
    "netecho server": netechoCommand(["server", "127.0.0.1:0", "-q"]),
  };
  for (const [name, command] of Object.entries(servers)) {
    await using server = new Running(command);
    const port = /\d+$/.exec(await server.line(/listening/))![0];
    const all = { C: [] as Figures[], netecho: [] as Figures[] };
    const raw: number[] = []; // requests a second
    for (let round = 0; round < rounds; round++) {
      all.C.push(await measureC(folder, port));
      all.netecho.push(await measureNetecho(port));
      raw.push(await measureRaw(port));
    }
    say(`\n| client of ${name} | C | netecho | ratio |\n| --- | ---: | ---: | ---: |`);
    for (const figure of Object.keys(all.C[0]!)) {
      const [c, netecho] = [all.C, all.netecho].map((figures) =>
        median(figures.map((each) => each[figure]!))
      );
      const shown = [c!, netecho!].map((value) => value.toLocaleString("en")).join(" | ");
      say(`| ${figure} | ${shown} | ${(netecho! / c!).toFixed(2)} |`);
    }
    const rate = median(all.netecho.map((each) => Object.values(each)[2]!));
    const loop = median(raw);
    say(
      `\nA loop of writes and reads in Deno: ${
        Math.round(loop).toLocaleString("en")
      } requests/s; ` +
        `netecho has ${(rate / loop).toFixed(2)} of them.`,
    );
  }
}

// The least that a closed loop in Deno can be.
async function measureRaw(port: string): Promise<number> {
  const loop = new URL("./peers/load.ts", import.meta.url).pathname;
  const args = [port, CONNECTIONS, 64, SECONDS].map(String);
  const { text } = await runProgram([Deno.execPath(), ["run", "-A", "--no-check", loop, ...args]]);
  const [messages, seconds] = text.split(" ").map(Number);
  return messages! / seconds!;
}

async function measureC(folder: string, port: string): Promise<Figures> {
  const run = async (program: string, ...args: (string | number)[]) =>
    (await runProgram([`${folder}/${program}`, [port, ...args.map(String)]])).text.split(" ")
      .map(Number);
  const [roundTrip] = await run("pingpong", ROUND_TRIPS, 64);
  const [spaced] = await run("pingpong", SPACED_ROUND_TRIPS, 64, PAUSE_MS * 1000);
  const [messages, seconds] = await run("load", CONNECTIONS, 64, SECONDS);
  const [, , p50] = await run("load", CONNECTIONS, 64, SECONDS, RATE);
  return figures({
    roundTrip: roundTrip!,
    spaced: spaced!,
    rate: messages! / seconds!,
    p50: p50!,
  });
}

async function measureNetecho(port: string): Promise<Figures> {
  const run = async (...args: string[]) =>
    (await runProgram(netechoCommand(["client", `127.0.0.1:${port}`, ...args, "--json"]))).text;
  const ping = async (count: number, interval: string) => {
    const lines = await run("--ping", "-c", String(count), "-i", interval, "-q");
    return JSON.parse(lines.trim().split("\n").at(-1)!).rttMs.p50 * 1000;
  };
  const load = ["--bench", "--connections", String(CONNECTIONS), "--duration", `${SECONDS}s`];
  const closed = JSON.parse(await run(...load)) as BenchResult;
  const open = JSON.parse(await run(...load, "--rate", String(RATE))) as BenchResult;
  return figures({
    roundTrip: await ping(ROUND_TRIPS, "0"),
    spaced: await ping(SPACED_ROUND_TRIPS, `${PAUSE_MS}ms`),
    rate: closed.rate,
    p50: open.latency.percentilesMs["p50"]! * 1000,
  });
}

function figures({ roundTrip, spaced, rate, p50 }: Figures): Figures {
  return {
    "round trip at p50, us": Math.round(roundTrip! * 10) / 10,
    [`the same, ${PAUSE_MS} ms apart`]: Math.round(spaced! * 10) / 10,
    [`${CONNECTIONS} connections, 64 B: requests/s`]: Math.round(rate!),
    [`at ${RATE.toLocaleString("en")}/s: p50, us`]: Math.round(p50! * 10) / 10,
  };
}
