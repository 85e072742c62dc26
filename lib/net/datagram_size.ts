/** The sizes of UDP datagrams (RFC 768). */

/** The largest payload over IPv4: 65,535 less the headers of IP and UDP; over IPv6 less UDP's. */
export function maxDatagramBytes(hostname: string): number {
  return hostname.includes(":") ? 65_527 : 65_507;
}
