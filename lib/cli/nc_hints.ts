/** What to write here for an option of nc, ncat, socat or openssl. */

/** An option of another tool. */
interface ForeignOption {
  /** What to write here; `value` is what came with the option, if anything did. */
  readonly write: string | ((value: string) => string);
  /** Whether the rest of its argument is its value, as in `-w5`. */
  readonly takesValue?: boolean;
}

const NO_PROGRAM = "netecho runs no program; see --service";
const NO_PROXY = "netecho speaks to no SOCKS or HTTP proxy";
const LISTEN = "to listen, write netecho server ADDRESS";
const SERVES_ON = "a server serves until it is stopped, unless --once is given";
const UDP = "for UDP, write udp://HOST:PORT";
const TLS = "for TLS, write tls://HOST:PORT";
const PORT = "the port is part of ADDRESS; for the local one of a client, write --source :PORT";
const KEEP = "to keep what passes, write --capture FILE.pcapng; to see it, --show hex";
const TLS_VERSIONS = "netecho takes TLS 1.2 and 1.3; -v shows which";
const seconds = (value: string) => /^\d+$/.test(value) ? `${value}s` : value || "D";

// By the letter, or by the whole name with its dashes.
const FOREIGN: ReadonlyMap<string, ForeignOption> = new Map<string, ForeignOption>([
  ["4", { write: "to listen on IPv4 alone, write 0.0.0.0:PORT" }],
  ["6", { write: "to listen on IPv6, write [::]:PORT" }],
  ["c", { write: NO_PROGRAM, takesValue: true }],
  ["C", { write: "for line ends of CR LF, write --crlf" }],
  ["d", { write: "to leave stdin alone, write --recv-only" }],
  ["e", { write: NO_PROGRAM, takesValue: true }],
  ["g", { write: "netecho sets no source route", takesValue: true }],
  ["k", { write: SERVES_ON }],
  ["l", { write: LISTEN }],
  ["n", { write: "leave it out: an IP address is never looked up" }],
  ["N", { write: "leave it out: the end of input is a FIN, unless --no-half-close is given" }],
  ["o", { write: KEEP, takesValue: true }],
  ["p", { write: PORT, takesValue: true }],
  ["q", {
    write: (value) =>
      `to wait for the peer after the end of input, write --linger ${seconds(value)}`,
    takesValue: true,
  }],
  ["s", { write: (value) => `write --source ${value || "HOST"}`, takesValue: true }],
  ["t", { write: "netecho answers no telnet negotiation" }],
  ["u", { write: UDP }],
  ["U", { write: "for a Unix socket, write unix:PATH" }],
  ["v", { write: "a server shows each connection, and with --show hex every byte" }],
  ["w", {
    write: (value) =>
      `for a time limit, write --connect-timeout ${seconds(value)}; after the end of input, ` +
      `--linger ${seconds(value)}`,
    takesValue: true,
  }],
  ["x", { write: NO_PROXY, takesValue: true }],
  ["X", { write: NO_PROXY, takesValue: true }],
  ["z", { write: "to see whether somebody listens, write --wait 5s" }],
  ["-accept", { write: "write netecho server tls://:PORT" }],
  ["-alpn", { write: "write --alpn NAME" }],
  ["-cert", { write: "write --cert FILE, or for a client --client-cert FILE" }],
  ["-cipher", { write: "netecho takes the ciphers of its runtime" }],
  ["-connect", { write: "write netecho client tls://HOST:PORT" }],
  ["-key", { write: "write --key FILE, or for a client --client-key FILE" }],
  ["-servername", { write: "write --servername NAME" }],
  ["-starttls", { write: "netecho speaks no STARTTLS" }],
  ["-tls1_2", { write: TLS_VERSIONS }],
  ["-tls1_3", { write: TLS_VERSIONS }],
  ["-CAfile", { write: "write --ca FILE" }],
  ["-showcerts", { write: "write -v" }],
  ["--cert", { write: "write --client-cert FILE" }],
  ["--exec", { write: NO_PROGRAM }],
  ["--hex-dump", { write: KEEP }],
  ["--host", { write: "write it without the option, as HOST:PORT" }],
  ["--keep-open", { write: SERVES_ON }],
  ["--key", { write: "write --client-key FILE" }],
  ["--listen", { write: LISTEN }],
  ["--output", { write: KEEP }],
  ["--port", { write: PORT }],
  ["--proxy", { write: NO_PROXY }],
  ["--sh-exec", { write: NO_PROGRAM }],
  ["--ssl", { write: TLS }],
  ["--ssl-cert", { write: "write --cert FILE, or for a client --client-cert FILE" }],
  ["--ssl-key", { write: "write --key FILE, or for a client --client-key FILE" }],
  ["--ssl-trustfile", { write: "write --ca FILE" }],
  ["--ssl-verify", { write: "a client always verifies, unless --insecure is given" }],
  ["--tcp", { write: "leave it out: HOST:PORT is TCP" }],
  ["--tls", { write: TLS }],
  ["--udp", { write: UDP }],
  ["--version", { write: "write netecho --version" }],
]);

/** What a letter that netecho has as well means to nc. */
export const OTHER_MEANINGS: ReadonlyMap<string, string> = new Map([
  ["q", "nc's -q is --linger D here"],
]);

/**
 * What to write here for the unknown options of an argument, such as `-zv`, `-w5` or `--ssl`;
 * undefined where none is known. `known` are the options that there are, as `-v` and `--verbose`.
 *
 * @example
 * ```ts
 * import { hintFor } from "./nc_hints.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const known = ["-v", "--wait"];
 * assertEquals(hintFor("-vz", known), "to see whether somebody listens, write --wait 5s");
 * ```
 */
export function hintFor(arg: string, known: readonly string[]): string | undefined {
  const found = isWord(arg) ? hint(arg, "") : lettersHint(arg, known);
  if (!found || /\b(server|client|netecho)\b/.test(found)) return found;
  const named = found.match(/(?<!\S)--?[a-z][a-z-]*/g) ?? [];
  return named.every((name) => known.includes(name)) ? found : `${found} (netecho client)`;
}

function lettersHint(arg: string, known: readonly string[]): string | undefined {
  const hints: string[] = [];
  for (let at = 1; at < arg.length; at++) {
    const letter = arg[at]!;
    const number = /^\d/.test(arg.slice(at + 1));
    if (known.includes(`-${letter}`) && !number) continue; // a flag of netecho's takes no number
    const option = FOREIGN.get(letter);
    if (!option) return undefined;
    hints.push(hint(letter, arg.slice(at + 1).replace(/^=/, ""))!);
    if (option.takesValue) break;
  }
  return hints.length > 0 ? [...new Set(hints)].join("; ") : undefined;
}

/** Whether it is one option and not several letters: openssl's have one dash. */
export function isWord(arg: string): boolean {
  return arg.startsWith("--") || FOREIGN.has(arg);
}

function hint(name: string, value: string): string | undefined {
  const { write } = FOREIGN.get(name) ?? {};
  return typeof write === "function" ? write(value) : write;
}

/** What to write for arguments without a subcommand, as `nc` takes them. */
export function commandFor(args: readonly string[]): string | undefined {
  const rest = args.filter((arg) => !arg.startsWith("-"));
  const listens = args.some((arg) => /^-[a-z0-9]*l|^--listen$/i.test(arg));
  const port = rest.at(-1);
  if (port === undefined || !/^\d+$|:\d+$/.test(port)) return undefined;
  if (!/^-|[.:]|^\d+$|^localhost$/.test(args[0]!)) return undefined; // a subcommand, misspelt
  const udp = args.some((arg) => /^-[a-z0-9]*u|^--udp$/i.test(arg)) ? "udp://" : "";
  if (!listens) return `netecho client ${udp ? udp + rest.join(":") : rest.join(" ")}`;
  return `netecho server ${udp}${
    rest.length > 1 ? rest.join(":") : port.replace(/^(?=\d+$)/, ":")
  }`;
}
