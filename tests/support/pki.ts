/** Certificates for tests: an authority, and what it or another one signs. */
import "reflect-metadata"; // which x509 needs
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 24 * 3600 * 1000;

/** A certificate and its key, as PEM files. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface Wanted {
  readonly cn?: string;
  readonly dns?: readonly string[];
  /** How many days from now it ends; a negative number has it expired. */
  readonly days?: number;
}

/** An authority, whose files are in a folder that goes with it. */
export class Authority implements AsyncDisposable {
  readonly ca: string;
  readonly #folder: string;
  readonly #keys: CryptoKeyPair;
  readonly #name: string;
  #count = 0;

  private constructor(folder: string, { name, keys }: { name: string; keys: CryptoKeyPair }) {
    this.#folder = folder;
    this.#name = name;
    this.#keys = keys;
    this.ca = `${folder}/ca.pem`;
  }

  /** Makes one. */
  static async create(cn = "Test CA"): Promise<Authority> {
    const keys = await generateKeys();
    const folder = await Deno.makeTempDir();
    const authority = new Authority(folder, { name: `CN=${cn}`, keys });
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${cn}`,
      keys,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - 60 * DAY),
      notAfter: new Date(Date.now() + 60 * DAY),
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    await Deno.writeTextFile(authority.ca, certificate.toString("pem"));
    return authority;
  }

  /** Signs a certificate. */
  async issue({ cn = "localhost", dns = ["localhost"], days = 30 }: Wanted = {}): Promise<Issued> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${cn}`,
      issuer: this.#name,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - 40 * DAY),
      notAfter: new Date(Date.now() + days * DAY),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.SubjectAlternativeNameExtension(
          dns.map((value) => ({ type: "dns" as const, value })),
        ),
      ],
    });
    const base = `${this.#folder}/${++this.#count}`;
    const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    await Deno.writeTextFile(`${base}.pem`, certificate.toString("pem"));
    await Deno.writeTextFile(`${base}.key`, x509.PemConverter.encode(key, "PRIVATE KEY"));
    return { cert: `${base}.pem`, key: `${base}.key` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}
