/** Topics of `netecho help`. */
import { commonOptions } from "../faults/selectors.ts";
import type { Fault } from "../faults/fault.ts";
import { faults } from "../faults/kinds.ts";
import { describeOption, type HelpPage, type Row } from "../cli/help.ts";
import { PERCENTILES } from "../report/distribution.ts";
import type { OptionTable } from "../cli/options.ts";
import { toKebabCase } from "@std/text/to-kebab-case";
import { admissionOptions, endpointOptions } from "../server/options.ts";

/** Something to explain besides options. */
export interface Topic {
  readonly name: string;
  readonly summary: string;
  readonly page: HelpPage;
}

const addresses: Topic = {
  name: "addresses",
  summary: "how addresses, durations, sizes and rates are written",
  page: {
    summary: "A server listens on ADDRESS, a client connects to it.",
    words: [
      {
        title: "addresses",
        rows: [
          ["HOST:PORT", "TCP; tcp:// may stand before it"],
          [":PORT, PORT", "of a server all interfaces, IPv4 and IPv6; of a client localhost"],
          ["[V6]:PORT", "an IPv6 address stands in brackets"],
          ["tls://HOST:PORT", "TLS over TCP"],
          ["udp://HOST:PORT", "UDP; a connection is a remote address, until it is silent"],
          ["unix:PATH", "a Unix socket, by its path"],
          ["unix:@NAME", "a Unix socket in Linux's abstract namespace"],
          ['unix:"PATH"', "the same, for a path with ,key= or an equal sign in its last part"],
          ["ADDRESS=SERVICE", "of a server: this service on this address"],
          ["ADDRESS,key=value", "of a server: options of this address (netecho help endpoints)"],
          ["port 0", "of a server: whichever is free; the listening line names it"],
        ],
      },
      {
        title: "quantities",
        rows: [
          ["durations", "250us, 10ms, 1.5s, 2m, 1h"],
          ["sizes", "64, 4KiB, 1MB: KiB are 1024 bytes, KB 1000"],
          ["rates", "64KiB/s of bytes, 500/s or 20k/s of requests"],
        ],
      },
    ],
    examples: [
      [
        "netecho server 127.0.0.1:0 tls://:8443 udp://:7=echo unix:/tmp/echo.sock",
        "four listeners",
      ],
      ["netecho client [::1]:8080", "an IPv6 address"],
    ],
  },
};

const endpointTopic: Topic = {
  name: "endpoints",
  summary: "options, faults and names of a server's addresses",
  page: {
    summary:
      "A server is a set of endpoints, one for each ADDRESS[=SERVICE][,key=value...]. A key " +
      "is an option without its dashes. The value of an endpoint replaces that of the command " +
      "line, and a list as a whole; without it, the endpoint has the value of the command line. The limits of the command " +
      "line are totals: endpoints without own limits share them.",
    words: [
      {
        title: "keys",
        rows: [
          ["those of its service", "as in :8080=reply,reply=hello or :5433=forward,to=db:5432"],
          ["those of its transport", "as in tls://:8443,cert=a.pem,key=a.key"],
          ...Object.entries({ ...endpointOptions, ...admissionOptions }).map((
            [key, option],
          ): Row => [`${toKebabCase(key)}=${option.placeholder}`, describeOption(option)]),
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

const faultTopic: Topic = {
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
        rows: parameters(mainFirst(fault)),
      })),
      { title: "parameters of every fault", rows: parameters(commonOptions) },
    ],
    examples: faults.map(({ example, summary, only }) => [
      `netecho server ${only === "datagrams" ? "udp://:8080 " : ""}--fault ${example}`,
      summary,
    ]),
  },
};

function mainFirst({ main, options }: Fault): OptionTable {
  return main ? { [main]: options[main]!, ...options } : options;
}

function parameters(table: OptionTable): Row[] {
  return Object.entries(table).map(([key, option]) => [
    `${key}=${option.placeholder}`,
    describeOption(option),
  ]);
}

const eof: Topic = {
  name: "eof",
  summary: "what the end of input does, on either side",
  page: {
    summary: "An end of input is passed on as what it is, in each direction by itself.",
    words: [{
      title: "ends",
      rows: [
        [
          "stdin of the client ends",
          "it half-closes and reads on until the peer's FIN, or for --linger; exit 0",
        ],
        [
          "the peer's FIN at the client",
          "all that came is written; exit 0, without waiting for stdin",
        ],
        [
          "the peer's RST at the client",
          "what had arrived is written, then one line on stderr; exit 1",
        ],
        ["a client's FIN at the server", "all that is owed is echoed, then FIN; nothing is lost"],
        ["FIN or RST at the forwarder", "passed on as the same, direction by direction"],
        ["TLS", "close_notify is a FIN; an end without it is told, as exit 1"],
        ["UDP", "has no end: the client waits a second for the last answer, or --linger"],
        [
          "SIGINT, SIGTERM or (Linux) SIGHUP at the server",
          "no more connections; the open ones may end within --grace; exit 0; a second signal " +
          "stops at once",
        ],
        ["--once", "its one session ends by itself: nothing is lost"],
        [
          "--idle-timeout, or after --grace",
          "the connection is closed at once; what a fault or a slow reader holds back is lost",
        ],
        ["--max-connections, --deny", "a connection too many is closed before anything is read"],
        [
          "limit_data, and FIN or RST behind a fault",
          "come behind what was let through; timeout and reset_peer lose what waits",
        ],
      ],
    }],
    examples: [],
  },
};

const conditions: Topic = {
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
        ["errors", "requests that failed, or were never answered, as in errors>0"],
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

const exitCodes: Topic = {
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
        ["124", "--wait ran out"],
      ],
    }],
    examples: [],
  },
};

/** Every topic. */
export const topics: readonly Topic[] = [
  addresses,
  endpointTopic,
  faultTopic,
  eof,
  conditions,
  exitCodes,
];
