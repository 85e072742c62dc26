/** TLS (RFC 8446, RFC 5246) over TCP. What each end does is loaded when there is a TLS address. */
import type { InetAddress } from "../../address.ts";
import { dialOptions, listenOptions } from "./options.ts";
import { defineTransport } from "../../transport.ts";

/** The TLS transport. */
export const tls = defineTransport({
  name: "tls",
  summary: "TLS over TCP",
  closeDelayMs: 50, // the runtime sends close_notify in a task of its own
  listenOptions,
  dialOptions,
  async listen(address: InetAddress, options) {
    const { listenTls } = await import("./server.ts");
    return await listenTls(address, options);
  },
  async check({ ca, clientCert, clientKey }) {
    if (ca === undefined && clientCert === undefined) return;
    const { checkCertificate, checkPair } = await import("./certificates.ts");
    if (ca !== undefined) checkCertificate({ option: "--ca", pem: ca });
    if (clientCert === undefined) return;
    const { keyFor } = await import("./pem.ts");
    checkPair({ option: "--client-cert", pem: clientCert }, {
      option: clientKey === undefined ? "--client-cert" : "--client-key",
      pem: keyFor("--client-cert", { cert: clientCert, key: clientKey }),
    });
  },
  async dial(address: InetAddress, options) {
    const { dialTls } = await import("./client.ts");
    return await dialTls(address, options);
  },
  async loadDialing(address: InetAddress, values) {
    const { loadTlsDialing } = await import("./client.ts");
    await loadTlsDialing(address, values);
  },
});
