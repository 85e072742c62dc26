/** Loads, and what their results mean. */
import type { Topic } from "../topic.ts";

/** The topic `load`. */
export const load: Topic = {
  name: "load",
  summary: "how --bench measures, and what its result says",
  page: {
    summary:
      "--bench sends numbered messages over many connections and checks every byte that comes " +
      "back. Percentiles are those of an HDR histogram (hdrhistogram.org).",
    words: [{
      title: "how it measures",
      rows: [
        ["closed loop", "without --rate: each connection sends as soon as it has its answer"],
        [
          "open loop",
          "with --rate: requests leave on a schedule, whatever becomes of those before. It looks " +
          "at the clock all the time, and takes a core",
        ],
        [
          "corrected",
          "latency from the moment that a request was to be sent, so that a peer that stalls for " +
          "a second shows (coordinated omission); uncorrected from when it was sent",
        ],
        [
          "endless",
          "in percentiles, a request that failed, or was never sent or answered; " +
          "1.7976931348623157e308 in JSON",
        ],
        [
          "lateness",
          "how late the client was itself: in an open loop, how long after its moment a request " +
          "left although a connection had room; in a closed loop, how long the event loop took to " +
          "come round to an answer. It warns when it was the bottleneck",
        ],
        [
          "exit code",
          "1 if nothing was answered, or an answer was not what had been sent; other failures " +
          "are counted by kind for --fail-if",
        ],
        [
          "--baseline FILE",
          "compares with an earlier result; with --repeat 10 in both, by how much runs differ, which " +
          "sees 10 % and raises a false alarm in one of twenty; without, a change is a quarter",
        ],
        ["--report FILE.html", "one page that opens without a network"],
        ["--json", "the whole result, its histograms in HdrHistogram's interchange format"],
      ],
    }],
    examples: [
      ["netecho client :8080 --bench --rate 1k/s --duration 1s", "an open loop"],
      ["netecho client :8080 --bench --duration 1s --pipeline 16 --workers 2", "a closed loop"],
      ["netecho client :8080 --bench --connect --duration 1s", "connections per second"],
      ["netecho client --bench --self --duration 1s", "what this machine can do at best"],
    ],
  },
};
