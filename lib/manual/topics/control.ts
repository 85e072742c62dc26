/** Changing a server while it runs. */
import type { Topic } from "../topic.ts";

/** The topic `control`. */
export const controlTopic: Topic = {
  name: "control",
  summary: "a server that is changed while it runs, by HTTP",
  page: {
    summary:
      "With --control ADDRESS a server answers HTTP beside its endpoints: toxiproxy's interface, " +
      "so that its clients and testcontainers drive it, and routes of its own under /v1, which " +
      "GET /v1/openapi.json describes; at / is a page that shows it all and changes it in a " +
      "browser. What is changed is an event in the log. Without ADDRESS " +
      "of its own the server opens no endpoint, and waits for those that are asked for.",
    words: [
      {
        title: "toxiproxy's interface",
        rows: [
          [
            "proxies",
            "are the endpoints with service forward; a name of another one is taken (409)",
          ],
          [
            "toxics",
            "are faults; the kinds that toxiproxy lacks are types, too. In lists, strict clients " +
            "see such a one as latency of 0, with kind and parameters beside it",
          ],
          [
            "differences",
            "GET /metrics is always there; no Logger in a proxy; upstreams are checked when they are " +
            "given; toxicity is not drawn anew when another toxic is added; a forwarder to itself is " +
            "refused; upstream may be tls://HOST:PORT, unix:PATH, or several with commas between",
          ],
        ],
      },
      {
        title: "routes of its own",
        rows: [
          ["/v1, /v1/health", "version, seed and totals; whether it serves, without a token"],
          ["/v1/endpoints", "endpoints of every service: list, add, change, switch, remove"],
          ["/v1/endpoints/NAME/faults", "faults with every key: list, add, change, remove"],
          [
            "/v1/sessions",
            "connections: list, close (DELETE /N), reset (POST /N/reset), follow (GET /N/bytes)",
          ],
          ["/v1/catalog", "kinds of faults, services and transports, with their options"],
          [
            "/v1/state",
            "all that can be seen, and then each change, as server-sent events; Last-Event-ID goes on " +
            "without a gap",
          ],
          [
            "/v1/events?from=N",
            "the log as server-sent events, from any number on; the last 10,000 are kept, and missed " +
            "tells of those that are not",
          ],
          [
            "/v1/capture",
            "packets for Wireshark for as long as it is read; ?endpoint=NAME, ?connection=N; a reader " +
            "that is 64 MiB behind is cut off",
          ],
          ["/v1/config", "all of it as JSON, which --config reads"],
          ["/metrics", "for Prometheus"],
        ],
      },
      {
        title: "the page",
        rows: [
          ["/", "in one document, which asks nobody but its server; --control prints its address"],
          [
            "#token=TOKEN",
            "what --control-token says, in the fragment: it is sent to no server, and leaves the " +
            "address bar; for --control-token-file it is not printed, and the page asks for it",
          ],
          [
            "bytes",
            "of one connection, from the moment that it is opened there; of more than 1 MiB a second " +
            "the rest is skipped, and counted",
          ],
        ],
      },
      {
        title: "open connections",
        rows: [
          [
            "added",
            "a fault works from the next chunk on, and counts bytes and time from there; accept_delay " +
            "does not hold back the TLS handshakes of an endpoint that had none when it began to listen",
          ],
          ["changed, removed", "what it holds goes on at once, in its order; no byte is lost"],
          ["timeout", "when it is removed, the connection is closed, as bytes of it are missing"],
          [
            "disabled, moved, removed",
            "an endpoint closes its connections; what faults hold is lost",
          ],
        ],
      },
      {
        title: "who may",
        rows: [
          ["localhost, unix:", "whoever is on this machine, or may write the socket"],
          [
            "other addresses",
            "with --control-token TOKEN who has it; with --control-open everybody, as toxiproxy's " +
            "clients need it",
          ],
          [
            "Host",
            "an IP address, localhost or --control-host NAME; with --control-open any name without " +
            "a dot",
          ],
          ["pages", "of other origins change nothing; toxiproxy's routes refuse browsers"],
        ],
      },
    ],
    examples: [
      ["netecho server --control localhost:8474", "instead of toxiproxy-server"],
      [
        "netecho server :5433=forward,to=db.internal:5432,name=db --control unix:/tmp/control.sock",
        "an endpoint from the start; curl --unix-socket changes it",
      ],
      [
        "netecho server --control :8474 --control-open --control-host proxy.internal",
        "in a container, for clients that send no token",
      ],
    ],
  },
};
