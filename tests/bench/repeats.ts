/** Whether `--baseline` calls a repetition of a load a change, and a slower server one. */
import type { BenchResult } from "../../lib/report/result.ts";
import { netechoCommand, Running, runProgram } from "../support/programs.ts";
import type { Workshop } from "./competitors.ts";

const COMPARISONS = 3;
const RUN = ["--bench", "--connections", "10", "--duration", "500ms", "--repeat", "10", "--json"];
const RATE = ["--rate", "2000/s"];

/** Prints how many of some comparisons found a change, where there is none and where there is one. */
export async function compareRepeats({ folder, say }: Workshop): Promise<void> {
  const server = (...faults: string[]) =>
    new Running(netechoCommand(["server", "127.0.0.1:0", "-q", ...faults]));
  const baseline = `${folder}/baseline.json`;
  await using usual = server("--fault", "latency:5ms");
  await using slower = server("--fault", "latency:5500us");
  const bench = async (peer: Running, ...more: string[]) => {
    const address = (await peer.line(/^listening/)).replace("listening ", "");
    return await runProgram(netechoCommand(["client", address, ...RUN, ...RATE, ...more]));
  };
  const changes = async (peer: Running) => {
    let changed = 0;
    for (let count = 0; count < COMPARISONS; count++) {
      await Deno.writeTextFile(baseline, (await bench(usual)).text);
      const { text } = await bench(peer, "--baseline", baseline);
      const { comparison = [] } = JSON.parse(text) as BenchResult;
      if (comparison.some(({ verdict }) => verdict === "changed")) changed++;
    }
    return changed;
  };
  say("\n| ten runs compared with ten | called changed |\n| --- | ---: |");
  say(`| the same server | ${await changes(usual)} of ${COMPARISONS} |`);
  say(`| 10 % slower | ${await changes(slower)} of ${COMPARISONS} |`);
}
