/** Explaining the errors of both TLS libraries. */
import { toKebabCase } from "@std/text/to-kebab-case";
import { NetworkError } from "../../../core/errors.ts";
import { explain, isReset } from "../../../core/explain.ts";

const CLOSED = "the peer closed the connection during the TLS handshake; does it speak TLS?";
const UNTRUSTED =
  "its certificate is self-signed, or signed by an authority that is not trusted here";
const SELF_SIGNED = "its certificate is self-signed";
const TRUST = "; try --ca FILE, --fingerprint SHA256 or --insecure";
const AUTHORITYS_OWN =
  "its certificate is an authority's own, which vouches for others alone; --fingerprint or " +
  "--insecure accepts it";
const NO_KEY = "it does not hold the key of its certificate";
const NOT_TLS = "it does not speak TLS; try tcp://";

/** The reason for a client that `--client-ca` refuses because it shows no certificate. */
export const NO_CERTIFICATE = "it showed no certificate, and --client-ca asks for one";

const MEANINGS: readonly (readonly [said: RegExp, meaning: string])[] = [
  [
    /no_application_protocol|NoApplicationProtocol|any known protocol/,
    "no protocol in common (ALPN)",
  ],
  [/DID_NOT_RETURN_A_CERTIFICATE/, NO_CERTIFICATE],
  [
    /PeerIncompatible|peer is incompatible|unsupported protocol/i,
    "no TLS version or cipher in common",
  ],
  [/InvalidContentType|corrupt message|WRONG_VERSION|got ClientHello/, NOT_TLS],
  [/BadSignature/, NO_KEY],
  [/DEPTH_ZERO_SELF_SIGNED/, SELF_SIGNED + TRUST],
  [
    /not valid for name|NotValidForName|ALTNAME_INVALID/,
    "its certificate is for another name; try --servername NAME",
  ],
  [
    /CERT_HAS_EXPIRED|: Expired|certificate expired/,
    "its certificate has expired; --insecure accepts it",
  ],
  [
    /NOT_YET_VALID|NotValidYet|not valid yet/,
    "its certificate is not valid yet; check the clocks, or use --insecure",
  ],
  [/CaUsedAsEndEntity/, AUTHORITYS_OWN],
  [/UnknownIssuer|UNABLE_TO|SELF_SIGNED_CERT_IN_CHAIN/, UNTRUSTED + TRUST],
  [/handshake eof|hang up/i, CLOSED],
];

/** The reason why a handshake failed, in the words of the field. */
export function explainTls(error: unknown): string {
  if (error instanceof NetworkError) return error.message;
  if (isReset(error) || error instanceof Deno.errors.UnexpectedEof) return CLOSED;
  const { message = String(error), code } = error as { message?: string; code?: unknown };
  const said = `${code ?? ""} ${message}`;
  for (const [pattern, meaning] of MEANINGS) {
    if (pattern.test(said) && !said.includes("fatal alert")) return meaning;
  }
  const [, breach] = /peer misbehaved: (\w+)/.exec(said) ?? [];
  if (breach) return `it broke the TLS protocol (${toKebabCase(breach).replaceAll("-", " ")})`;
  return explain(error);
}

/** Whether a peer was refused for showing the certificate of an authority as its own. */
export function isAuthoritysOwn(error: unknown): boolean {
  return /CaUsedAsEndEntity/.test(String(error));
}

/**
 * The reason why a handshake failed in which the certificate was to be judged later: all that can
 * be wrong with it by then is the signature that proves possession of its key.
 */
export function explainUnjudged(error: unknown): string {
  const { code } = error as { code?: unknown };
  return String(code).startsWith("UNABLE_TO_VERIFY") ? NO_KEY : explainTls(error);
}
