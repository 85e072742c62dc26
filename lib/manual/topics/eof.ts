/** Ends of input and of connections. */
import type { Topic } from "../topic.ts";

/** The topic `eof`. */
export const eof: Topic = {
  name: "eof",
  summary: "what the end of input does, on either side",
  page: {
    summary: "An end of input is passed on as what it is, in each direction by itself.",
    words: [{
      title: "ends",
      rows: [
        [
          "stdin of the client ends",
          "it half-closes and reads on until the peer's FIN, or for --linger; exit 0; with " +
          "--no-half-close it sends no FIN until then",
        ],
        [
          "the last --send or --expect is done",
          "the same; after an --expect the peer may also be silent for a second",
        ],
        ["nothing came before the peer's FIN", "said on stderr, with the remedy; exit 0"],
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
        [
          "--client-ca",
          "a client that shows no certificate gets the alert certificate_required; one whose " +
          "certificate is not trusted sees an end without close_notify",
        ],
        ["UDP", "has no end: the client waits a second for the last answer, or --linger"],
        [
          "SIGINT, SIGTERM or (Linux) SIGHUP at the server",
          "no more connections; the open ones may end within --grace; exit 0; a second signal " +
          "stops at once",
        ],
        ["--once", "its one session ends by itself: nothing is lost; silent peers are closed"],
        [
          "--idle-timeout, or after --grace",
          "the connection is closed at once; what a fault or a slow reader holds back is lost",
        ],
        ["--max-connections, --deny", "a connection too many is closed before anything is read"],
        [
          "limit_data, and FIN or RST behind a fault",
          "come behind what was let through, either way; reset_peer loses what waits, timeout what it " +
          "swallows",
        ],
      ],
    }],
    examples: [],
  },
};
