/** TLS sessions by node:tls: what was agreed on, and whether the peer is to be trusted. */
import type { Socket } from "../../socket_duplex.ts";
import { X509Certificate } from "node:crypto";
import tls, { type TLSSocket } from "node:tls";
import { isLiteral } from "../../address.ts";
import { FinalError, NetworkError } from "../../../core/errors.ts";
import type { SecuredSocket } from "../../incoming.ts";
import type { DialOptions } from "../../transport.ts";
import { readCertificate } from "./certificates.ts";
import { versionOf } from "./der.ts";
import { type Certificate, HandshakeError, type TlsSession } from "../../tls_session.ts";
import { HelloReader } from "./client_hello.ts";
import { engineOf, NodeTlsSocket } from "./node_socket.ts";
import { certificateBlocks, keyBlock, keyFor } from "./pem.ts";
import { explainTls, explainUnjudged, NO_CERTIFICATE } from "./errors.ts";

/** How a server shakes hands. */
export interface AcceptOptions {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
  readonly alpn: readonly string[];
}

/**
 * A function that shakes hands as a server; with `clientCa`, it requires a certificate. What is
 * common to all connections is prepared once, as it takes a millisecond and 100 KB.
 */
export function acceptorOf(
  { cert, key, clientCa, alpn }: AcceptOptions,
): (socket: Socket) => Promise<SecuredSocket> {
  const secureContext = tls.createSecureContext({
    cert,
    key,
    ca: clientCa === undefined ? undefined : certificateBlocks(clientCa),
  });
  const options = {
    secureContext,
    ALPNProtocols: alpn.length > 0 ? [...alpn] : undefined,
    requestCert: clientCa !== undefined,
    // Refuses a client that shows no certificate; one that is shown is judged below, to give a reason.
    rejectUnauthorized: clientCa !== undefined,
  };
  return async (socket) => {
    const reader = new HelloReader();
    const onRead = (chunk: Uint8Array) => reader.read(chunk);
    let telling: Promise<void> | undefined;
    const onTelling = (promise: Promise<void>) => telling = promise;
    const engine = await NodeTlsSocket.accept(socket, { ...options, onRead, onTelling })
      .catch((error) => {
        const failed = { hello: reader.hello, telling, cause: error };
        throw new HandshakeError(explainUnjudged(error), failed);
      });
    const { hello } = reader;
    const security = { ...securityOf(engine.session), hello };
    const objection = clientCa !== undefined && judgeClient(engine.session, security);
    if (!objection) return { socket: engine, security };
    engine.abort();
    throw new HandshakeError(objection, { hello });
  };
}

function judgeClient(session: TLSSocket, { chain }: TlsSession): string | undefined {
  const [shown] = chain ?? [];
  if (!shown) return NO_CERTIFICATE;
  const now = Date.now();
  const name = `its certificate (${shown.subject})`;
  if (shown.validTo < now) return `${name} has expired`;
  if (shown.validFrom > now) return `${name} is not valid yet`;
  if (!engineOf(session).verifyError()) return undefined;
  return versionOf(session.getPeerCertificate().raw) < 3
    ? `${name} is of X.509 version 1, which Deno's TLS refuses`
    : `${name} is not one for clients by an authority in --client-ca`;
}

/** How a client shakes hands, and whom it trusts. */
export interface ConnectOptions extends Pick<DialOptions, "clock" | "onPhase"> {
  readonly servername: string;
  readonly ca: readonly string[];
  readonly insecure: boolean;
  readonly fingerprint: string | undefined;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  readonly alpn: readonly string[];
  /** Learns of the session before it is judged. */
  readonly onSession: (security: TlsSession) => void | Promise<void>;
}

/** Shakes hands as a client. Rejects where the peer's certificate is not trusted. */
export async function connectTls(
  socket: Socket,
  connecting: ConnectOptions,
): Promise<SecuredSocket> {
  const { servername, ca, insecure, fingerprint, clientCert, clientKey, alpn } = connecting;
  const { onSession, onPhase, clock } = connecting;
  let heard: number | undefined;
  const shakingHands = NodeTlsSocket.connect(socket, {
    onRead: () => heard = clock.now(),
    ca: [...ca],
    cert: clientCert && certificateBlocks(clientCert).join("\n"),
    key: clientCert && keyBlock(keyFor("--client-cert", { cert: clientCert, key: clientKey })),
    ALPNProtocols: alpn.length > 0 ? [...alpn] : undefined,
    rejectUnauthorized: false, // judged below, after it was reported
    // SNI takes no address (RFC 6066 section 3), but the certificate may be for one.
    ...(isLiteral(servername) ? { host: servername } : { servername }),
  });
  onPhase?.("loading");
  const engine = await shakingHands.catch((error) => {
    throw new NetworkError(explainUnjudged(error), { cause: error });
  });
  onPhase?.("tls", heard); // judging what was heard is the program's own work
  const found = securityOf(engine.session, ca);
  const objection = judge(engine.session, { fingerprint, chain: found.chain });
  // What to do about it is no advice for who has done it.
  const security = { ...found, objection: insecure ? objection.split("; ")[0]! : objection };
  await onSession(security);
  if (insecure || objection === "") return { socket: engine, security };
  engine.abort();
  throw new FinalError(objection);
}

let rehearsed: Promise<void> | undefined;

/** Shakes hands with nobody, once: what the first handshake takes for itself is some 30 ms. */
export function rehearseTls(): Promise<void> {
  return rehearsed ??= shakeWithNobody();
}

async function shakeWithNobody(): Promise<void> {
  const nobody: Socket = {
    read: () => Promise.resolve(null),
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  await NodeTlsSocket.connect(nobody, { servername: "localhost" }).catch(() => {});
}

/** The certificates of the authorities that the system trusts, as PEM. */
export function systemAuthorities(): string[] {
  return tls.getCACertificates?.("system") ?? []; // not in every runtime
}

// Why a peer is not trusted; empty if it is.
function judge(
  session: TLSSocket,
  { fingerprint, chain }: {
    readonly fingerprint: string | undefined;
    readonly chain: TlsSession["chain"] | undefined;
  },
): string {
  const [shown] = chain ?? [];
  if (fingerprint) {
    if (shown?.fingerprint === fingerprint) return "";
    return `its certificate has another fingerprint, SHA-256 ${shown?.fingerprint}`;
  }
  if (session.authorized) return "";
  // node:tls sometimes reports an expired certificate as unverifiable. Its reason is
  // a code, although the types say Error.
  const expired = (shown?.validTo ?? Infinity) < Date.now();
  return explainTls(expired ? "CERT_HAS_EXPIRED" : session.authorizationError);
}

function securityOf(session: TLSSocket, trusted: readonly string[] = []): TlsSession {
  return {
    protocol: session.getProtocol() ?? undefined,
    cipher: session.getCipher()?.name,
    alpn: session.alpnProtocol || undefined,
    chain: chainOf(session, trusted),
  };
}

// Marks the certificates that are trusted beforehand.
function chainOf(session: TLSSocket, pems: readonly string[]): Certificate[] {
  const trusted = new Set(pems.map((pem) => pem.replace(/-----[^-]+-----|\s/g, "")));
  const chain: Certificate[] = [];
  const seen = new Set<string>();
  let next = session.getPeerCertificate(true);
  // The last of a complete chain is its own issuer.
  while (next?.raw && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    const certificate = readCertificate(new X509Certificate(next.raw), next.raw);
    chain.push({ ...certificate, trusted: trusted.has(next.raw.toString("base64")) });
    next = next.issuerCertificate;
  }
  return chain;
}
