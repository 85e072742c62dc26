/** Which addresses of a host are dialled, and from where. */
import { flag, text, type Values } from "../../cli/options.ts";
import { FinalError, UsageError } from "../../core/errors.ts";
import { formatAddress, type InetAddress, isInet, isLiteral } from "../address.ts";
import { parseAddress } from "../parse_address.ts";

/** What every transport over IP adds to the client's options. */
export const reachOptions = {
  source: text({
    summary: "connect from this local address; port 0 is any",
    placeholder: "HOST:PORT",
    read: parseEnd,
  }),
  ipv4: flag({ short: "4", summary: "use IPv4 alone", excludes: ["ipv6"] }),
  ipv6: flag({ short: "6", summary: "use IPv6 alone", excludes: ["ipv4"] }),
};

/**
 * The addresses that the options leave.
 *
 * @throws {FinalError} if there are none
 */
export function reachable(
  candidates: readonly InetAddress[],
  { source, ipv4, ipv6 }: Values<typeof reachOptions>,
): readonly InetAddress[] {
  const isV6 = ({ hostname }: InetAddress) => hostname.includes(":");
  const host = candidates[0]!;
  const ofFamily = candidates.filter((each) => !(ipv4 && isV6(each)) && !(ipv6 && !isV6(each)));
  if (ofFamily.length === 0) {
    const family = ipv4 ? "IPv4" : "IPv6";
    throw new FinalError(`Cannot connect to ${formatAddress(host)}: it has no ${family} address`);
  }
  if (!source?.hostname) return ofFamily;
  const left = ofFamily.filter((each) => isV6(each) === isV6(source));
  if (left.length > 0) return left;
  throw new FinalError(
    `Cannot connect from ${source.hostname} to ${formatAddress(ofFamily[0]!)}: ` +
      "one is IPv4, the other IPv6",
  );
}

/** An address of this machine: an IP address with or without a port, or a port alone. */
export function parseEnd(text: string): InetAddress {
  const complete = /^(\[.*\]|[^:]*):\d*$|^\d+$/.test(text);
  const address = complete ? parseAddress(text) : bare(text.replace(/^\[(.*)\]$/, "$1"));
  if (isInet(address) && (isLiteral(address.hostname) || address.hostname === "")) return address;
  throw new UsageError(`an IP address of this machine is needed, not "${text}"`);
}

function bare(hostname: string): InetAddress {
  return { transport: "tcp", hostname, port: 0 };
}
