/** What to write here for an option of nc, socat or ncat. */

/** Hints by the letter of the option. */
export const NC_HINTS: ReadonlyMap<string, string> = new Map([
  ["c", "netecho runs no program; see --service"],
  ["e", "netecho runs no program; see --service"],
  ["k", "a server serves until it is stopped, unless --once is given"],
  ["l", "to listen, write netecho server ADDRESS"],
  ["p", "the port is part of ADDRESS"],
  ["s", "see --source"],
  ["u", "for UDP, write udp://HOST:PORT"],
  ["U", "for a Unix socket, write unix:PATH"],
  ["w", "see --connect-timeout, --linger and --idle-timeout"],
  ["z", "to see whether somebody listens, use --wait D"],
]);
