/** Listening for TLS. */
import { type InetAddress, inZoneOf, socketAddress } from "../../address.ts";
import { NetworkError } from "../../../core/errors.ts";
import { hasNodeNetworking, requireNodeNetworking } from "../../../core/runtime.ts";
import { acceptTcp, loadPreparing, type SecuredSocket, tcpArrival } from "../../incoming.ts";
import {
  checkCertificate,
  checkPair,
  type Credentials,
  generateCredentials,
} from "./certificates.ts";
import { acceptingFromAll } from "../../both_families.ts";
import { libc } from "../../linux/libc.ts";
import { SystemSocket } from "../../linux/system_socket.ts";
import { ACCEPT_BACKLOG, bind, bindTcp } from "../../listen.ts";
import { certificateBlocks, keyBlock, keyFor } from "./pem.ts";
import type { listenOptions } from "./options.ts";
import { explainTls } from "./errors.ts";
import type { Listener, ListenOptions } from "../../transport.ts";

// Names of the machine itself.
const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * Listens with the runtime's own TLS, which is faster, or with node:tls for what it cannot do.
 *
 * @throws {NetworkError} when the address cannot be bound
 * @throws {UsageError} when a certificate or key is no good
 */
export async function listenTls(
  address: InetAddress,
  { values, clock, mayWait = false }: ListenOptions<typeof listenOptions>,
): Promise<Listener> {
  await loadPreparing(values);
  const { cert, key } = values;
  const given = cert === undefined
    ? await generate(address)
    : { cert, key: keyFor("--cert", { cert, key }) };
  const checked = checkPair(
    { option: "--cert", pem: given.cert },
    { option: key === undefined ? "--cert" : "--key", pem: given.key },
  );
  const credentials = {
    cert: certificateBlocks(given.cert).join("\n"),
    key: keyBlock(given.key)!,
  };
  if (values.clientCa !== undefined) {
    checkCertificate({ option: "--client-ca", pem: values.clientCa });
  }
  const certificate = { ...checked, generated: cert === undefined };
  const binding = { credentials, values, clock };
  // The runtime's own TLS shakes hands as soon as it has accepted.
  const canWait = mayWait && hasNodeNetworking();
  const needsNode = values.clientCa !== undefined || values.proxyProtocol || canWait;
  const byDeno = !needsNode && (libc() || !hasNodeNetworking());
  const listening = byDeno ? listenByDeno(address, binding) : await listenByNode(address, binding);
  return { certificate, ...listening };
}

interface Binding extends ListenOptions<typeof listenOptions> {
  readonly credentials: Credentials;
}

function listenByDeno(
  address: InetAddress,
  { credentials, values, clock }: Binding,
): Listener {
  const options = { ...credentials, tcpBacklog: ACCEPT_BACKLOG, alpnProtocols: [...values.alpn] };
  const listeners = bind(address, (at) => Deno.listenTls({ ...at, ...options }));
  for (const { addr } of listeners) {
    // The runtime has no setNoDelay for TLS; without it, an echo of 64 KiB takes 44 ms.
    new SystemSocket({ type: "tcp", local: socketAddress("tls", addr) }).setNoDelay();
  }
  const listener = acceptingFromAll(listeners);
  return {
    address: inZoneOf(address, socketAddress("tls", listener.addr)),
    accept: async () => {
      const conn = await listener.accept();
      const preparing = { values, clock, closesLate: true, secure: () => shake(conn) };
      return tcpArrival(conn, address, preparing);
    },
    close: () => listener.close(),
  };
}

async function listenByNode(
  address: InetAddress,
  { credentials, values, clock }: Binding,
): Promise<Listener> {
  requireNodeNetworking(
    values.clientCa !== undefined ? "Option --client-ca" : "Option --proxy-protocol over TLS",
  );
  const { acceptorOf } = await import("./node_session.ts");
  const preparing = { values, clock, secure: acceptorOf({ ...values, ...credentials }) };
  const listener = bindTcp(address);
  return {
    address: inZoneOf(address, socketAddress("tls", listener.addr)),
    accept: async () => tcpArrival(await acceptTcp(listener), address, preparing),
    close: () => listener.close(),
  };
}

function generate({ hostname }: InetAddress): Promise<Credentials> {
  const own = hostname === "" || LOCAL_NAMES.includes(hostname) ? [] : [hostname];
  return generateCredentials([...own, ...LOCAL_NAMES]);
}

async function shake(conn: Deno.TlsConn): Promise<SecuredSocket> {
  try {
    const { alpnProtocol } = await conn.handshake();
    return { socket: conn, security: { alpn: alpnProtocol ?? undefined } };
  } catch (error) {
    throw new NetworkError(explainTls(error), { cause: error });
  }
}
