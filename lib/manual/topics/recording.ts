/** Captures and replays. */
import type { Topic } from "../topic.ts";

/** The topic `recording`. */
export const recording: Topic = {
  name: "recording",
  summary: "what a capture keeps, and how it is replayed",
  page: {
    summary:
      "--capture FILE.pcapng, on the server and the client, keeps every connection as a stream " +
      "that Wireshark follows; it needs no privilege. --replay FILE plays the client's side of a " +
      "captured connection, netecho's or tcpdump's, to any peer.",
    words: [
      {
        title: "captures",
        rows: [
          ["payload", "as the program reads and writes it: after TLS is taken off"],
          ["headers", "made up: addresses, ports, sequence numbers and times are right"],
          ["--capture-size 100MB", "goes on in FILE-1, FILE-2 and so on when one is full"],
          ["forwarders", "both connections: the peer's, and the one that is made for it"],
          [
            "pipes",
            "up to 64 MiB wait for the reader, and hold nobody up; at its end a server waits while the " +
            "reader moves, or for --grace; what is lost is said, and exit 1",
          ],
          ["--capture -", "to stdout; what is printed otherwise goes to stderr"],
          [
            "SSLKEYLOGFILE",
            "where it is set, the secrets of TLS go into the capture as well: with mergecap -a -w BOTH " +
            "OURS OTHER they decrypt what another program captured of the same connections (without " +
            "-a, Wireshark takes both connections of the same ports for one). The runtime tells none with -v, --insecure, " +
            "--fingerprint, --client-cert, --source, --client-ca, --proxy-protocol or accept_delay",
          ],
        ],
      },
      {
        title: "replays",
        rows: [
          ["order", "each message at its moment, and not before the answers that came before it"],
          ["--speed", "how many times faster; max does not wait for the recorded moments"],
          ["--streams", "lists the connections of the file, numbered as in Wireshark"],
          [
            "exit 1",
            "also where the file is cut or damaged, or has packets that are not understood: there may " +
            "be more in it than was played",
          ],
          ["--stream N", "which connection of the file, where it has several"],
          [
            "--verify",
            "fails at the first byte of an answer that is not the recorded one; where none was recorded " +
            "to the last message, the peer has a second for one",
          ],
        ],
      },
    ],
    examples: [
      [
        "netecho server tls://:8443=forward --to api.internal:80 --capture tap.pcapng -q",
        "record what passes, without its TLS",
      ],
      ["netecho server :8080 --capture - | wireshark -k -i -", "watch it"],
      [
        "netecho client localhost:8080 --replay tap.pcapng --stream 3 --speed max --verify",
        "play one connection again",
      ],
    ],
  },
};
