/** Endpoints, and what is their own. */
import { keyName } from "../../cli/options.ts";
import { admissionOptions, endpointOptions } from "../../server/options.ts";
import { parameterRows, type Topic } from "../topic.ts";

/** The topic `endpoints`. */
export const endpointTopic: Topic = {
  name: "endpoints",
  summary: "options, faults and names of a server's addresses",
  page: {
    summary:
      "A server is a set of endpoints, one for each ADDRESS[=SERVICE][,key=value...]. A key " +
      "is an option without its dashes. The value of an endpoint replaces that of the command " +
      "line, and a list as a whole; without it, the endpoint has the value of the command line. " +
      "The limits of the command line are totals: endpoints without own limits share them.",
    words: [
      {
        title: "keys",
        rows: [
          ["those of its service", "as in :8080=reply,reply=hello or :5433=forward,to=db:5432"],
          ["those of its transport", "as in tls://:8443,cert=a.pem,key=a.key"],
          ...parameterRows({ ...endpointOptions, ...admissionOptions }, keyName),
          ["flags", "are written key=true"],
        ],
      },
      {
        title: "writing",
        rows: [
          ["comma", "ends a value only where KEY= follows; others are part of the value"],
          [
            "quotes",
            'a value or Unix path that begins with " goes to the next "; in it, \\" and ' +
            "\\\\ are escapes",
          ],
          ["SERVICE", "stands behind the last = of the address; it has no /, = or quote"],
        ],
      },
      {
        title: "names",
        rows: [
          ["default", "the address with its port, without tcp://, as in 127.0.0.1:8080"],
          [
            "on=NAME",
            "of a fault: strikes the endpoints of this name, or of this address as written",
          ],
          [
            "--seed",
            "what faults leave to chance depends on the names of endpoint and fault, and " +
            "on the number of the connection at the endpoint",
          ],
        ],
      },
    ],
    examples: [
      [
        "netecho server :7,max-connections=10 tls://:8443=reply,reply=hello,name=hello",
        "a limit of one endpoint, and a name",
      ],
      [
        "netecho server :7,name=fast :9=discard,name=slow --fault latency:1s,on=slow",
        "a fault on one of two endpoints",
      ],
    ],
  },
};
