/** What those who know nc look for. */

/** What stands here for an option of nc, socat or ncat, by its letter. */
export const NETCAT: Readonly<Record<string, string>> = {
  c: "no program is started here; see --service",
  e: "no program is started here; see --service",
  k: "a server goes on unless --once is given",
  l: "to listen is netecho server ADDRESS",
  p: "the port is a part of ADDRESS",
  s: "see --source",
  u: "for UDP write udp://HOST:PORT",
  U: "for a Unix socket write unix:PATH",
  w: "see --connect-timeout, --linger and --idle-timeout",
  z: "to see whether somebody listens use --wait D",
};
