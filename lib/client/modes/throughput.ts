/** Throughput: how much passes to a server of iperf3, or from it. */
import { DEFAULT_PORT } from "../../throughput/protocol.ts";
import { defineMode } from "../mode.ts";
import { throughputOptions } from "../throughput_options.ts";

/** The throughput mode; what measures is loaded when it runs. */
export const throughput = defineMode({
  name: "throughput",
  summary: "measure throughput with a server of iperf3",
  chosenBy: "throughput",
  defaultPort: DEFAULT_PORT,
  example: "netecho client localhost --throughput --duration 3s",
  options: throughputOptions,
  async run(context, values) {
    const { runThroughput } = await import("../throughput.ts");
    return await runThroughput(context, values);
  },
});
