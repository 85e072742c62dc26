/** Loads, and what their results mean. */
import type { Topic } from "../topic.ts";

/** The topic `load`. */
export const load: Topic = {
  name: "load",
  summary: "how --bench measures, and what its result says",
  page: {
    summary:
      "--bench sends numbered messages over many connections and checks every byte that comes " +
      "back; or requests of your own, whose answers it tells from wrong ones. Percentiles are those of an HDR histogram (hdrhistogram.org).",
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
        [
          "--start-at TIME",
          "has several machines begin together, when their connections are made; their clocks should " +
          "agree. --merge then adds up what each has written with --json",
        ],
        ["--report FILE.html", "one page that opens without a network"],
        ["--json", "the whole result, its histograms in HdrHistogram's interchange format"],
      ],
    }, {
      title: "requests of your own, with --bench, --ping and --wait",
      rows: [
        ["--send, --send-file", "what is sent; several together are one request"],
        [
          "{seq}, {uuid}, {random:N}",
          "the number of the request on its connection, and what is drawn for it; the same in what is " +
          "expected. {{seq}} is {seq}",
        ],
        [
          "--expect",
          "what comes ends with this: a text or a /regex/; of several, in this order, with the last. " +
          "What is left over is the next answer's",
        ],
        [
          "--expect-line, --expect-bytes N",
          "an answer is a line, or N bytes, and right if it has in it what is expected. A wrong one is " +
          "known at once, and need not be waited for",
        ],
        [
          "kinds of failure",
          "the answer is not what was expected; a second answer; closed by the peer in the middle of an " +
          "answer; no whole answer in time",
        ],
        [
          "--connect",
          "each request on a connection of its own; without --send the peer speaks first",
        ],
        ["over UDP", "a datagram is an answer, of the first request that it is right for"],
        ["--exchanges FILE", "several kinds of request, each as often as its weight has it"],
      ],
    }],
    examples: [
      [
        "netecho client :8080 --bench --duration 1s --send 'GET {seq}\\n' --expect-line --expect '{seq}'",
        "requests of your own, and lines that answer them",
      ],
      ["netecho client :8080 --bench --rate 1k/s --duration 1s", "an open loop"],
      ["netecho client :8080 --bench --duration 1s --pipeline 16 --workers 2", "a closed loop"],
      ["netecho client :8080 --bench --connect --duration 1s", "connections per second"],
      ["netecho client --bench --self --duration 1s", "what this machine can do at best"],
    ],
  },
};
