/** What TLS adds to the command lines. */
import { isLiteral } from "../../address.ts";
import { UsageError } from "../../../core/errors.ts";
import { textFile } from "../../../cli/files.ts";
import { flag, list, text } from "../../../cli/options.ts";
import { streamListenOptions } from "../../incoming.ts";
import { tcpDialOptions } from "../../connect/tcp_connect.ts";

const alpn = list({
  summary: "offer these protocols by ALPN, the preferred one first",
  placeholder: "P,...",
  read: parseProtocols,
});

const pem = (summary: string, needs?: string) =>
  textFile({ summary, ...(needs && { needs: [needs] }) });

/** What TLS adds to the server's options. */
export const listenOptions = {
  ...streamListenOptions,
  cert: pem(
    "the certificate and its chain, PEM (default: a self-signed one, made for this run)",
  ),
  key: pem("its private key, PEM (default: the one in the same file)", "cert"),
  clientCa: pem("require a client certificate that one of these authorities, PEM, has signed"),
  alpn,
};

/** What TLS adds to the client's options. */
export const dialOptions = {
  ...tcpDialOptions,
  ca: pem("also trust these authorities, PEM"),
  insecure: flag({ summary: "trust any certificate", excludes: ["fingerprint", "ca"] }),
  fingerprint: text({
    summary: "trust only the certificate with this fingerprint",
    placeholder: "SHA256",
    read: parseFingerprint,
  }),
  servername: text({
    summary: "the name to send (SNI) and to expect in the certificate (default: HOST)",
    placeholder: "NAME",
    read: parseName,
  }),
  clientCert: pem("the client certificate, PEM"),
  clientKey: pem("its private key, PEM (default: the one in the same file)", "clientCert"),
  alpn,
};

function parseProtocols(text: string): string[] {
  const protocols = text.split(",");
  if (protocols.every((protocol) => /^[!-~]{1,255}$/.test(protocol))) return protocols;
  throw new UsageError(`protocols such as h2,http/1.1 are needed, not "${text}"`);
}

function parseName(text: string): string {
  if (isLiteral(text) || /^[\w-]{1,63}(\.[\w-]{1,63})*\.?$/.test(text)) return text;
  throw new UsageError(`a host name is needed, not "${text}"`);
}

function parseFingerprint(text: string): string {
  const digits = text.replace(/^sha-?256[:=]?/i, "").replace(/[:\s]/g, "").toUpperCase();
  if (/^[\dA-F]{64}$/.test(digits)) return digits.replace(/..(?!$)/g, "$&:");
  throw new UsageError(`a SHA-256 fingerprint of 64 hex digits is needed, not "${text}"`);
}
