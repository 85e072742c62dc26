/** The blocks of PEM files (RFC 7468). */
import { UsageError } from "../../../core/errors.ts";

/** A PEM file that the command line names. */
export interface PemFile {
  readonly option: string;
  readonly pem: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g;

/** The certificates of a file, each as PEM, in their order, whatever else is in it. */
export function certificateBlocks(pem: string): string[] {
  return blocksOf(pem, /^(X509 |TRUSTED )?CERTIFICATE$/);
}

/** What a block has in it. Throws where that is no base64. */
export function derOf(block: string): Uint8Array {
  const text = atob(block.replace(/-----[^-]+-----|\s/g, ""));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The first private key of a file, as PEM; undefined where it has none. */
export function keyBlock(pem: string): string | undefined {
  return blocksOf(pem, /PRIVATE KEY$/)[0];
}

function blocksOf(pem: string, label: RegExp): string[] {
  return [...pem.matchAll(BLOCK)].filter(([, name]) => label.test(name!)).map(([block]) => block);
}

/**
 * The file with the key of a certificate: that of its own option, or the certificate's.
 *
 * @throws {UsageError} if neither is one
 */
export function keyFor(
  option: string,
  { cert, key }: { readonly cert: string; readonly key: string | undefined },
): string {
  if (key !== undefined) return key;
  const itself = keyBlock(cert) !== undefined || certificateBlocks(cert).length === 0;
  if (itself) return cert; // for whoever reads it to say what is wrong with it
  throw new UsageError(`Option ${option} needs ${option.replace("cert", "key")} as well`);
}
