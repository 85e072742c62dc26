/** Faults, and their parameters. */
import type { OptionTable } from "../../cli/options.ts";
import type { Fault } from "../../faults/fault.ts";
import { faults } from "../../faults/kinds.ts";
import { commonOptions } from "../../faults/selectors.ts";
import { parameterRows, type Topic } from "../topic.ts";

/** The topic `faults`. */
export const faultTopic: Topic = {
  name: "faults",
  summary: "how a server misbehaves, with the parameters of every fault",
  page: {
    summary: "--fault KIND:VALUE,key=value... makes any service a bad peer. The value after the " +
      "colon is that of the first parameter. Faults are composed in the order of the command " +
      "line. What is left to chance comes from --seed: the same seed and the same traffic give " +
      "the same run. --faults FILE reads a JSON list of objects such as " +
      '{"kind": "latency", "latency": "200ms", "jitter": "50ms"}.',
    words: [
      ...faults.map((fault) => ({
        title: `${fault.name} (${fault.summary}${fault.only ? `; for ${fault.only} alone` : ""})`,
        rows: parametersOf(fault),
      })),
      { title: "parameters of every fault", rows: parameterRows(commonOptions) },
      {
        title: "what they have in common",
        rows: [
          ["direction", "what goes to the client, unless `direction` says otherwise"],
          ["connections", "each by itself, but for bandwidth with shared=true"],
          ["TLS", "handshakes are spared; accept_delay alone comes before them"],
          ["jitter", "a delay is never below 0, and no chunk overtakes another one"],
          [
            "toxics",
            'objects with "type" and "attributes" in --faults are toxiproxy\'s, in its units',
          ],
        ],
      },
      {
        title: "where a forwarder differs from toxiproxy",
        rows: [
          ["half-close", "a FIN ends one direction, and the other goes on"],
          ["reset", "an upstream's or a client's reset is passed on as a reset, not as a FIN"],
          ["order", "FIN and RST come behind what a fault holds back before them"],
          [
            "bounds",
            "a direction holds at most 32 MiB, so that a delay D caps the rate at 32 MiB / D; " +
            "all together hold --max-memory",
          ],
        ],
      },
    ],
    examples: faults.map(({ example, summary, only }) => [
      `netecho server ${only === "datagrams" ? "udp://:8080 " : ""}--fault ${example}`,
      summary,
    ]),
  },
};

function parametersOf({ main, options }: Fault): ReturnType<typeof parameterRows> {
  const mainFirst: OptionTable = main ? { [main]: options[main]!, ...options } : options;
  const rows = parameterRows(mainFirst);
  return rows.length > 0 ? rows : [["(none)", "it has none of its own"]];
}
