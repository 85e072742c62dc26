/** Reading certificates, and generating one. */
import type { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { isLiteral } from "../../address.ts";
import { UsageError } from "../../../core/errors.ts";
import { altNames, versionOf } from "./der.ts";
import { certificateBlocks, derOf, keyBlock, type PemFile } from "./pem.ts";
import type { Certificate } from "../../tls_session.ts";

const LIFETIME_MS = 30 * 24 * 3600 * 1000; // milliseconds
const CLOCK_SKEW_MS = 24 * 3600 * 1000; // milliseconds by which a peer's clock may be behind

/** A certificate and its private key, as PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export function readCertificate(certificate: X509Certificate, der: Uint8Array): Certificate {
  const { subject, issuer, validFrom, validTo, fingerprint256 } = certificate;
  return {
    subject: onOneLine(subject),
    issuer: onOneLine(issuer),
    names: altNames(der),
    validFrom: Date.parse(validFrom),
    validTo: Date.parse(validTo),
    fingerprint: fingerprint256,
  };
}

/**
 * What the first certificate of a PEM file says.
 *
 * @throws {UsageError} when there is none, or one of them is broken
 */
export function checkCertificate(file: PemFile): Certificate {
  const { certificate, der } = parse(file);
  return readCertificate(certificate, der);
}

/**
 * Checks that a server of the runtime can show the certificate.
 *
 * @throws {UsageError} if it is of X.509 version 1
 */
export function checkVersion(file: PemFile): void {
  const version = versionOf(parse(file).der);
  if (version >= 3) return;
  throw new UsageError(
    `Option ${file.option}: the certificate is of X.509 version ${version}, which Deno's TLS ` +
      "refuses; openssl req -x509 makes one of version 3",
  );
}

/**
 * Reads a certificate and checks it against its key; both may be in one file, in any order.
 *
 * @throws {UsageError} if one of them is invalid, or they do not belong together
 */
export function checkPair(cert: PemFile, key: PemFile): Certificate {
  const { certificate, der } = parse(cert);
  // Not every runtime has X509Certificate.checkPrivateKey.
  const [shown, own] = [certificate.publicKey, createPublicKey(parseKey(key))];
  if (encode(shown).equals(encode(own))) return readCertificate(certificate, der);
  const options = cert.option === key.option
    ? `Option ${cert.option}`
    : `Options ${cert.option} and ${key.option}`;
  throw new UsageError(`${options}: the key does not belong to the certificate`);
}

function encode(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

// Not every runtime has X509Certificate.raw.
function parse({ option, pem }: PemFile): { certificate: X509Certificate; der: Uint8Array } {
  const [first] = certificateBlocks(pem).map((block, index) => {
    try {
      return { certificate: new X509Certificate(block), der: derOf(block) };
    } catch {
      throw new UsageError(`Option ${option}: certificate ${index + 1} of the file is broken`);
    }
  });
  if (first) return first;
  throw new UsageError(`Option ${option}: the file holds no certificate in PEM`);
}

function parseKey({ option, pem }: PemFile): KeyObject {
  try {
    return createPrivateKey(keyBlock(pem) ?? "");
  } catch {
    throw new UsageError(
      `Option ${option}: the file holds no private key in PEM without passphrase`,
    );
  }
}

/** A self-signed certificate for `hostnames`, valid for 30 days and kept in memory. */
export async function generateCredentials(hostnames: readonly string[]): Promise<Credentials> {
  await import("reflect-metadata"); // which x509 needs
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${hostnames[0]}`,
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(now + LIFETIME_MS),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      // A CA certificate is refused as a peer's certificate.
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension(
        hostnames.map((value) => ({
          type: isLiteral(value) ? "ip" as const : "dns" as const,
          value,
        })),
      ),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}

function onOneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}
