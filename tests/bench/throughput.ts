/** Throughput over loopback with iperf3 and netecho as client and as server, in turn. */
import { netechoCommand, Running, runProgram } from "../support/programs.ts";
import { has } from "../support/skips.ts";
import { cpuTime, unusedPort } from "../support/system.ts";
import { median } from "./contender.ts";

const SECONDS = 3;

type Tool = "iperf3" | "netecho";

interface Pair {
  readonly client: Tool;
  readonly server: Tool;
}

interface Run {
  readonly gigabits: number;
  /** Milliseconds of both sides together. */
  readonly cpu: number;
}

const PAIRS: readonly Pair[] = (["iperf3", "netecho"] as const).flatMap((client) =>
  (["iperf3", "netecho"] as const).map((server) => ({ client, server }))
);

/** Measures each pair in its turn, one way and back, and prints a Markdown table. */
export async function compareThroughput(
  { say, rounds }: { readonly say: (line: string) => void; readonly rounds: number },
): Promise<void> {
  if (!has("iperf3")) return say("\nThroughput is not compared: no iperf3 here.");
  say(`\n| throughput, TCP, ${SECONDS} s | up | of iperf3's | CPU | down | of iperf3's | CPU |`);
  say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  const results = new Map<string, Run[]>();
  for (let round = 0; round < rounds; round++) {
    for (const pair of PAIRS) {
      for (const way of ["up", "down"] as const) {
        const name = nameOf(pair, way);
        results.set(name, [...results.get(name) ?? [], await measure(pair, way)]);
      }
    }
  }
  const medianOf = (pair: Pair, way: string, key: keyof Run) =>
    median(results.get(nameOf(pair, way))!.map((run) => run[key]));
  for (const pair of PAIRS) {
    const cells = ["up", "down"].flatMap((way) => {
      const ratio = (key: keyof Run) =>
        (medianOf(pair, way, key) / medianOf(PAIRS[0]!, way, key)).toFixed(2);
      return [
        `${medianOf(pair, way, "gigabits").toFixed(1)} Gbit/s`,
        ratio("gigabits"),
        ratio("cpu"),
      ];
    });
    say(`| ${pair.client} to ${pair.server} | ${cells.join(" | ")} |`);
  }
}

function nameOf({ client, server }: Pair, way: string): string {
  return `${client} ${server} ${way}`;
}

async function measure({ client, server }: Pair, way: "up" | "down"): Promise<Run> {
  const port = `${unusedPort()}`;
  await using serving = new Running(
    server === "iperf3"
      ? ["iperf3", ["-s", "-p", port, "--forceflush"]]
      : netechoCommand(["server", `127.0.0.1:${port}=iperf3`, "-q"]),
  );
  await serving.line(/listening/i);
  const before = cpuTime(serving.pid);
  const { text } = await runProgram(
    client === "iperf3"
      ? ["iperf3", ["-c", "127.0.0.1", "-p", port, "-t", `${SECONDS}`, "-J", ...iperf(way)]]
      : netechoCommand([
        ...["client", `127.0.0.1:${port}`, "--throughput", "--json"],
        ...["--duration", `${SECONDS}s`, ...(way === "down" ? ["--reverse"] : [])],
      ]),
  );
  const result = JSON.parse(text);
  const serverCpu = cpuTime(serving.pid) - before;
  if (client === "iperf3") {
    const { sum_received: { bits_per_second: bits }, cpu_utilization_percent: { host_total } } =
      result.end;
    return { gigabits: bits / 1e9, cpu: serverCpu + host_total * SECONDS * 10 };
  }
  const { directions: [{ receivedBitsPerSecond: bits }], cpu: { client: { user, system } } } =
    result;
  return { gigabits: bits / 1e9, cpu: serverCpu + (user + system) * SECONDS * 1000 };
}

function iperf(way: "up" | "down"): string[] {
  return way === "down" ? ["-R"] : [];
}
