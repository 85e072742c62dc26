/** What is known of a TLS session. */
import { NetworkError } from "../core/errors.ts";
import { printableText } from "../terminal/sanitize.ts";

const DAY_MS = 24 * 3600 * 1000;

/** What a certificate says. */
export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** The host names and addresses that it is valid for. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
  /** SHA-256 of the whole certificate: 32 bytes in hex with colons. */
  readonly fingerprint: string;
  /** Whether it is trusted beforehand; the peer may not have sent it. */
  readonly trusted?: boolean;
}

/** What a client asks for before anything is agreed on. */
export interface ClientHello {
  /** The host that it means (SNI, RFC 6066 section 3). */
  readonly serverName?: string | undefined;
  /** The versions that it offers, in its order, such as `TLSv1.3`; GREASE is left out. */
  readonly versions: readonly string[];
}

/** A server's handshake that failed. */
export class HandshakeError extends NetworkError {
  /** What the client had asked for, where that is known. */
  readonly hello: ClientHello | undefined;
  /** Resolves when the client has been told, where it is; the socket stays open until then. */
  readonly telling: Promise<void> | undefined;

  constructor(
    message: string,
    { hello, telling, cause }: {
      readonly hello: ClientHello | undefined;
      readonly telling?: Promise<void> | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause });
    this.hello = hello;
    this.telling = telling;
  }
}

/** The hello in words, such as `SNI a.example, offers TLSv1.3/TLSv1.2`; empty where it asks nothing. */
export function describeHello(
  { serverName, versions = [] }: {
    readonly [Part in keyof ClientHello]?: ClientHello[Part] | undefined;
  },
): string {
  return [
    serverName && `SNI ${shownNames([serverName])}`,
    versions.length > 0 && `offers ${versions.join("/")}`,
  ].filter(Boolean).join(", ");
}

/** What was negotiated. What is not known is left out. */
export interface TlsSession {
  /** Whether its secrets are written to the file that SSLKEYLOGFILE names, where it names one. */
  readonly secretsLogged?: boolean;
  /** What the client asked for, at a server. */
  readonly hello?: ClientHello | undefined;
  /** Such as `TLSv1.3`. */
  readonly protocol?: string | undefined;
  readonly cipher?: string | undefined;
  readonly alpn?: string | undefined;
  /** The peer's certificate, then those that vouch for it. */
  readonly chain?: readonly Certificate[];
  /** Why the chain is not trusted; empty if it is. */
  readonly objection?: string;
}

/** A line for each thing that is known, the certificates from the peer's own upwards. */
export function describeSession(
  { protocol, cipher, alpn, chain = [], objection }: TlsSession,
): string[] {
  const session = [protocol, cipher, alpn && `ALPN ${alpn}`].filter((part) => part !== undefined);
  const verdict = objection === undefined ? [] : [
    objection === "" ? "certificate verified" : `certificate not verified: ${objection}`,
  ];
  const lines = [session.join(", "), ...chain.flatMap(describeCertificate), ...verdict];
  return lines.filter((line) => line !== "").map(printableText);
}

/** The same as an object for JSON; `now` is in milliseconds since 1970. */
export function sessionFields(
  { protocol, cipher, alpn, chain = [], objection }: TlsSession,
  now: number,
): object {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  const certificates = chain.map(({ validFrom, validTo, ...certificate }) => ({
    ...certificate,
    validFrom: time(validFrom),
    validTo: time(validTo),
    daysLeft: Math.floor((validTo - now) / DAY_MS),
  }));
  const trusted = objection === undefined ? {} : { trusted: objection === "" };
  return {
    protocol,
    cipher,
    alpn,
    ...trusted,
    objection: objection || undefined,
    chain: certificates,
  };
}

function describeCertificate(certificate: Certificate, index: number): string[] {
  const { subject, issuer, names, validFrom, validTo, fingerprint, trusted } = certificate;
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return [
    `certificate ${index}: ${subject}${trusted ? " (trusted here)" : ""}`,
    `  issuer: ${issuer}`,
    `  names: ${shownNames(names)}`,
    `  valid: ${day(validFrom)} to ${day(validTo)}`,
    `  SHA-256: ${fingerprint}`,
  ].filter((line) => !line.endsWith(": "));
}

/** The names of a certificate. One may have anything in it, a comma and other names too. */
export function shownNames(names: readonly string[]): string {
  return names.map((name) => /^[\w.*:@/-]+$/.test(name) ? name : JSON.stringify(name)).join(", ");
}
