/** What each of many connections gets, beside C: the least and the most, and the longest wait. */
import { netechoCommand, Running, runProgram } from "../support/programs.ts";
import type { Workshop } from "./competitors.ts";

const CONNECTIONS = [50, 1000, 5000];
const SECONDS = 4;
const FLOODS = 4;
const FLOOD_BYTES = 1024 * 1024;

type Command = [string, readonly string[]];

/** Measures servers under many connections and under floods, and prints Markdown tables. */
export async function compareFairness({ folder, say }: Workshop): Promise<void> {
  const servers: Record<string, Command> = {
    "C, epoll": [`${folder}/echo`, ["0"]],
    "netecho -q": netechoCommand(["server", "127.0.0.1:0", "-q"]),
  };
  const load = async (port: string, ...args: number[]) => {
    const { text } = await runProgram([`${folder}/load`, [port, ...args.map(String)]]);
    return text.split(" ").map(Number) as [number, number, number, number, number, number, number];
  };
  say("\n| TCP, 64 B | connections | messages/s | least | most | longest wait |");
  say("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const [name, command] of Object.entries(servers)) {
    for (const connections of CONNECTIONS) {
      await using server = new Running(command);
      const port = /\d+$/.exec(await server.line(/listening/))![0];
      const [messages, seconds, , , least, most, longest] = await load(
        port,
        connections,
        64,
        SECONDS,
      );
      const rate = Math.round(messages / seconds).toLocaleString("en");
      const wait = `${(longest / 1000).toFixed(0)} ms`;
      say(`| ${name} | ${connections} | ${rate} | ${least} | ${most} | ${wait} |`);
    }
  }
  say(
    `\n| 32 B beside ${FLOODS} floods | p50 | longest wait | floods |\n| --- | ---: | ---: | ---: |`,
  );
  for (const [name, command] of Object.entries(servers)) {
    await using server = new Running(command);
    const port = /\d+$/.exec(await server.line(/listening/))![0];
    const [[floods, seconds], [, , p50, , , , longest]] = await Promise.all([
      load(port, FLOODS, FLOOD_BYTES, SECONDS),
      load(port, 1, 32, SECONDS),
    ]);
    const [median, wait] = [p50, longest].map((us) => `${(us / 1000).toFixed(1)} ms`);
    const rate = `${Math.round(floods * FLOOD_BYTES / seconds / 2 ** 20)} MiB/s`;
    say(`| ${name} | ${median} | ${wait} | ${rate} |`);
  }
}
