/** Bench: loads the peer over many connections and measures its latencies. */
import { loadOptions } from "../../bench/options.ts";
import { flag } from "../../cli/options.ts";
import { deliveryOptions } from "../../report/deliver.ts";
import { defineMode } from "../mode.ts";

/** The bench mode; what loads the peer is loaded when it runs. */
export const bench = defineMode({
  name: "bench",
  summary: "load the peer and measure its rate and latency",
  chosenBy: "bench",
  example: "netecho client :8080 --bench --connections 50 --rate 10k/s",
  options: {
    bench: flag({
      summary: "load the peer and measure it; every answer is checked",
      excludes: ["show", "retry", "verbose", "capture"],
    }),
    ...loadOptions,
    ...deliveryOptions,
  },
  async run(context, values) {
    const { runBench } = await import("../bench.ts");
    return await runBench(context, values);
  },
});
