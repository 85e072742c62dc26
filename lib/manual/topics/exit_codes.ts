/** Exit codes. */
import type { Topic } from "../topic.ts";

/** The topic `exit-codes`. */
export const exitCodes: Topic = {
  name: "exit-codes",
  summary: "what the exit code says",
  page: {
    summary: "Each failure is one line on stderr that says what to do.",
    words: [{
      title: "exit codes",
      rows: [
        ["0", "done"],
        [
          "1",
          "the network or the peer failed, a ping got no reply, an answer was not what was expected",
        ],
        ["2", "the command line is wrong"],
        ["3", "a --fail-if was so, and something was answered"],
        ["124", "--wait or --wait-closed ran out"],
        [
          "128 + N",
          "a signal of number N ended a client: 130 is SIGINT, 143 SIGTERM. Of --ping and --bench it " +
          "ends the measurement, which says INTERRUPTED, and the code is that of what was measured",
        ],
      ],
    }],
    examples: [],
  },
};
