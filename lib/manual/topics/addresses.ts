/** How addresses and quantities are written. */
import type { Topic } from "../topic.ts";

/** The topic `addresses`. */
export const addresses: Topic = {
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
          [
            "UDP and strangers",
            "a server answers no datagram from a classic service's port or its own, and with no " +
            "more than was asked (twice that with --fault); chargen, daytime and time are refused",
          ],
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
