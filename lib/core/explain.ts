/** Words for what the system, the runtime and a TLS peer report. */

// Deno's error classes and the codes of errors that have no class of their own.
const WORDS: ReadonlyMap<string, string> = new Map([
  ["AddrInUse", "the address is already in use"],
  ["AddrNotAvailable", "this machine does not have that address"],
  ["BadResource", "closed on this side"],
  ["BrokenPipe", "the other end is gone (broken pipe)"],
  ["ConnectionAborted", "connection aborted"],
  ["ConnectionRefused", "connection refused"],
  ["ConnectionReset", "connection reset by the peer"],
  ["EACCES", "permission denied"],
  ["EADDRINUSE", "the address is already in use"],
  ["EADDRNOTAVAIL", "this machine does not have that address"],
  ["EBUSY", "another program uses it"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset by the peer"],
  ["EHOSTUNREACH", "no route to the host"],
  ["EINVAL", "the system does not take it (invalid argument)"],
  ["EMFILE", "too many open files"],
  [
    "EMSGSIZE",
    "the datagram is longer than the system sends; on macOS, sysctl net.inet.udp.maxdgram tells how " +
    "long it may be",
  ],
  ["ENETUNREACH", "network unreachable"],
  ["ENFILE", "too many open files in the system"],
  ["ENOBUFS", "the system has no room for it now (no buffer space)"],
  ["ENOSPC", "no space left on the device"],
  ["ENOTDIR", "a part of the path is no directory"],
  ["ENOTFOUND", "no such host; check the spelling"],
  ["EPIPE", "the other end is gone (broken pipe)"],
  ["ETIMEDOUT", "connection timed out"],
  ["Interrupted", "closed on this side"],
  ["IsADirectory", "it is a directory"],
  ["NetworkUnreachable", "network unreachable"],
  ["NotCapable", "Deno was not given the permission for it"],
  ["NotConnected", "the peer is gone (not connected)"],
  ["NotFound", "no such file or directory"],
  ["PermissionDenied", "permission denied"],
  ["TimedOut", "connection timed out"],
  // Among sockets, only TLS tells a truncated stream from its end (RFC 8446 section 6.1).
  ["UnexpectedEof", "the peer ended without close_notify, so that data may be missing"],
]);

// The numbers of Windows for what the runtime gives no code: system errors and Winsock's.
const WINDOWS_CODES: ReadonlyMap<string, string> = new Map([
  ["5", "EACCES"],
  ["32", "EBUSY"],
  ["10013", "EACCES"],
  ["10022", "EINVAL"],
  ["10024", "EMFILE"],
  ["10040", "EMSGSIZE"],
  ["10048", "EADDRINUSE"],
  ["10049", "EADDRNOTAVAIL"],
  ["10051", "ENETUNREACH"],
  ["10054", "ECONNRESET"],
  ["10055", "ENOBUFS"],
  ["10060", "ETIMEDOUT"],
  ["10061", "ECONNREFUSED"],
  ["10065", "EHOSTUNREACH"],
  ["11001", "ENOTFOUND"],
]);

// Alerts of a TLS peer (RFC 8446 section 6.2).
const ALERTS: ReadonlyMap<string, string> = new Map([
  ["BadCertificate", "the peer does not accept our certificate"],
  ["CertificateExpired", "the peer finds our certificate expired"],
  ["CertificateRequired", "the peer asks for a certificate; give --client-cert and --client-key"],
  ["CertificateUnknown", "the peer does not accept our certificate"],
  ["NoApplicationProtocol", "the peer has no protocol in common with us (ALPN)"],
  ["ProtocolVersion", "the peer has no TLS version in common with us"],
  ["UnknownCA", "the peer does not trust the authority of our certificate"],
  ["UnrecognisedName", "the peer does not serve that name; try --servername NAME"],
]);

/** Why a name has no address. */
export const NO_SUCH_HOST: string = WORDS.get("ENOTFOUND")!;

/**
 * What went wrong, in the words of the field: without a stack, an "os error" number or a full stop.
 *
 * @example
 * ```ts
 * import { explain } from "./explain.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(explain(new Deno.errors.ConnectionRefused("…")), "connection refused");
 * ```
 */
export function explain(error: unknown, system: string = Deno.build.os): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const [, number = ""] = /\(os error (\d+)\)/.exec(error.message) ?? [];
  const windowsCode = system === "windows" ? WINDOWS_CODES.get(number) : undefined;
  const words = WORDS.get(error.name) ?? WORDS.get(windowsCode ?? String(code));
  if (words) return words;
  if (error.message.startsWith("failed to lookup address")) return NO_SUCH_HOST;
  const [, alert] = /fatal alert: (\w+)/.exec(error.message) ?? [];
  if (alert) return ALERTS.get(alert) ?? `the peer ended the TLS session (${alert})`;
  if (error.message.startsWith("received corrupt message")) return "the peer sent what is no TLS";
  if (error.message.includes("SUN_LEN")) return "the path is too long for a socket";
  const line = error.message.split("\n", 1)[0] ?? "";
  return line.replace(/ \(os error \d+\)/, "").replace(/\.$/, "") || error.name;
}

/**
 * Why something failed, in a few words: for counting failures by kind, or after naming
 * what failed.
 */
export function reasonOf(error: unknown): string {
  return explain((error as { cause?: unknown } | undefined)?.cause ?? error);
}

const RESETS = new Set(["ECONNRESET", "EPIPE", "ERR_STREAM_DESTROYED"]); // as node:net has them

/** Whether the peer reset the connection, or is gone. */
export function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.NotConnected ||
    RESETS.has(String((error as { code?: unknown } | undefined)?.code));
}
