/** Listening for TLS. */
import { addressesOf, type InetAddress, socketAddress } from "../../address.ts";
import { NetworkError } from "../../../core/errors.ts";
import { hasNodeNetworking, requireNodeNetworking } from "../../../core/runtime.ts";
import { acceptTcp, loadPreparing, type SecuredSocket, StreamArrival } from "../../incoming.ts";
import {
  checkCertificate,
  checkPair,
  type Credentials,
  generateCredentials,
} from "./certificates.ts";
import { SystemSockets } from "../../linux/sockets.ts";
import { ACCEPT_BACKLOG, bind, bindTcp } from "../../listen.ts";
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
  { values, clock }: ListenOptions<typeof listenOptions>,
): Promise<Listener> {
  await loadPreparing(values);
  const { cert, key } = values;
  const credentials = cert !== undefined && key !== undefined
    ? { cert, key }
    : await generate(address);
  const checked = checkPair(
    { option: "--cert", pem: credentials.cert },
    { option: "--key", pem: credentials.key },
  );
  if (values.clientCa !== undefined) {
    checkCertificate({ option: "--client-ca", pem: values.clientCa });
  }
  const certificate = { ...checked, generated: cert === undefined };
  const binding = { credentials, values, clock };
  const byNode = values.clientCa !== undefined || values.proxyProtocol;
  const system = byNode ? undefined : SystemSockets.open();
  const byDeno = system || (!byNode && !hasNodeNetworking());
  try {
    const listening = byDeno
      ? listenByDeno(address, { ...binding, system })
      : await listenByNode(address, binding);
    return { certificate, ...listening };
  } catch (error) {
    system?.[Symbol.dispose]();
    throw error;
  }
}

interface Binding extends ListenOptions<typeof listenOptions> {
  readonly credentials: Credentials;
}

function listenByDeno(
  address: InetAddress,
  { credentials, values, clock, system }: Binding & { readonly system: SystemSockets | undefined },
): Listener {
  const options = { ...credentials, tcpBacklog: ACCEPT_BACKLOG, alpnProtocols: [...values.alpn] };
  const listener = bind(address, (at) => Deno.listenTls({ ...at, ...options }));
  const bound = socketAddress("tls", listener.addr);
  // The runtime has no setNoDelay for TLS; without it, an echo of 64 KiB takes 44 ms.
  const descriptor = system?.bound("tcp", bound);
  if (descriptor !== undefined) system?.setNoDelay(descriptor);
  let open = true;
  return {
    address: bound,
    accept: async () => {
      const conn = await listener.accept();
      const ends = addressesOf(conn, "tls");
      // The runtime continues a handshake whose connection is closed.
      const endHandshake = () => open ? system?.shutdown(ends) : undefined;
      const preparing = { values, clock, endHandshake, secure: () => shake(conn) };
      return new StreamArrival(conn, { ends, preparing });
    },
    close() {
      open = false;
      listener.close();
      system?.[Symbol.dispose]();
    },
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
    address: socketAddress("tls", listener.addr),
    accept: async () => {
      const conn = await acceptTcp(listener);
      return new StreamArrival(conn, { ends: addressesOf(conn, "tls"), preparing });
    },
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
