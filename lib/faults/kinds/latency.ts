/** Latency: everything arrives later, at the same rate. */
import { UsageError } from "../../core/errors.ts";
import { choice, duration } from "../../cli/options.ts";
import { normal, pareto, type Random } from "../../core/random.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The deviation from the mean, in units of the jitter. */
const DISTRIBUTIONS: ReadonlyMap<string, (random: Random) => number> = new Map([
  ["uniform", (random) => 2 * random() - 1],
  ["normal", normal],
  ["pareto", (random) => pareto(random) - 1],
]);

/** The latency fault. */
export const latency = defineFault({
  name: "latency",
  summary: "delay everything, without lowering the rate",
  main: "latency",
  example: "latency:200ms,jitter=50ms,distribution=normal",
  options: {
    latency: duration({ summary: "how long" }),
    jitter: duration({ initial: 0, summary: "by how much it varies; a delay is never below 0" }),
    distribution: choice(["uniform", "normal", "pareto"], {
      summary: "how it varies: evenly, by at most the jitter; with the jitter as standard " +
        "deviation; or rarely, but by far, never by less than the jitter",
    }),
  },
  check({ latency, jitter }) {
    if (latency !== undefined || jitter > 0) return;
    throw new UsageError("a delay is needed, as in latency:200ms");
  },
  create({ latency = 0, jitter, distribution }, { clock, random, fired }) {
    const vary = DISTRIBUTIONS.get(distribution)!;
    const delay = () => Math.max(0, latency + jitter * vary(random));
    return {
      start: () => fired(`delays by ${formatDuration(latency)}`),
      chunk: (bytes, emit) => emit(bytes, clock.now() + delay()),
      end: delay, // FIN is a segment like any other
    };
  },
});
