/** Conditions on what a load has measured. */
import { PERCENTILES } from "../../report/distribution.ts";
import type { Topic } from "../topic.ts";

/** The topic `conditions`. */
export const conditions: Topic = {
  name: "conditions",
  summary: "what --fail-if and --find can ask of a load",
  page: {
    summary: "A condition is a figure, one of < <= = >= >, and a value. What was never sent or " +
      "answered counts as endless in the percentiles.",
    words: [{
      title: "figures",
      rows: [
        [PERCENTILES.join(", "), "a percentile of the latency, as in p99<5ms"],
        ["min, mean, max", "the least, mean and greatest latency"],
        ["rate", "answers a second, as in rate>=1000/s"],
        [
          "errors",
          "what went wrong: requests that failed or were never answered, connections that were lost or could not be made",
        ],
        ["answered, unsent", "requests that were answered, or were due and not sent"],
      ],
    }],
    examples: [
      [
        "netecho client :8080 --bench --duration 1s --fail-if 'p99>500ms' --fail-if 'errors>0'",
        "exit code 3 if one of these is so",
      ],
    ],
  },
};
