/** Measuring throughput, and what netecho adds to iperf3's way of doing it. */
import type { Topic } from "../topic.ts";

/** The topic `throughput`. */
export const throughputTopic: Topic = {
  name: "throughput",
  summary: "measuring throughput, with iperf3 or without",
  page: {
    summary:
      "client --throughput and service iperf3 speak the protocol of iperf3 (3.1 and newer): " +
      "each works with iperf3 and with the other. The client's direction is up, the server's down. " +
      "What was sent in time and came within a second after the end counts as received. Rates are " +
      "in bits, sizes in bytes.",
    words: [
      {
        title: "what is told",
        rows: [
          ["retransmits", "segments that the sender sent again, of Linux and others that tell"],
          ["rtt, window", "the kernel's smoothed round-trip time, and the congestion window"],
          ["lost", "datagrams whose number did not come, of the highest number that came"],
          ["jitter", "how the time that datagrams take varies (RFC 1889, section 6.3.1)"],
          ["cpu", "of each side while the test ran; a client that is busy is named as a cause"],
        ],
      },
      {
        title: "with netecho at both ends",
        rows: [
          ["tls://, unix:", "the control connection and the streams are over that transport"],
          ["--verify", "the receiver compares every byte; exit code 1 if one differs"],
          [
            "--under-load",
            "an echo on a connection of its own, a second before and during the test",
          ],
        ],
      },
      {
        title: "the service",
        rows: [
          ["clients", "any number at once; those over UDP agree on their streams one at a time"],
          [
            "datagrams",
            "a stream is opened for the host of the control connection alone, so that nobody " +
            "else can be sent one",
          ],
          [
            "not done",
            "authentication and SCTP are refused; the log names socket options that " +
            "a client asked for and did not get",
          ],
        ],
      },
    ],
    examples: [
      ["netecho server :5201=iperf3", "for iperf3 -c, and for netecho"],
      [
        "netecho client localhost --throughput --duration 1s --verify --under-load",
        "is every byte right, and what does a message wait meanwhile?",
      ],
      ["netecho client udp://localhost --throughput --rate 20Mbit/s --duration 1s", "loss, jitter"],
    ],
  },
};
