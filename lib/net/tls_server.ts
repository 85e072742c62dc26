/** Listening for TLS. */
import { type InetAddress, socketAddress } from "../address.ts";
import { NetworkError } from "../errors.ts";
import type { Values } from "../options.ts";
import { hasNodeNetworking, requireNodeNetworking } from "../runtime.ts";
import { arrivalOf, type Preparing, type Secured, StreamArrival } from "./arrival.ts";
import {
  checkCertificate,
  checkPair,
  type Credentials,
  generateCredentials,
} from "./certificates.ts";
import { Descriptors } from "./descriptors.ts";
import { BACKLOG, bind, bindTcp } from "./inet.ts";
import type { listenOptions } from "./tls_options.ts";
import { explainTls } from "./tls_errors.ts";
import type { Listener, ListenOptions } from "./transport.ts";

// What people call a machine that they test on.
const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * Listens by the runtime's own TLS, which is the faster one, or by node:tls where that cannot.
 *
 * @throws {NetworkError} when the address cannot be bound
 * @throws {UsageError} when a certificate or key is no good
 */
export async function listenTls(
  address: InetAddress,
  { values, clock }: ListenOptions<typeof listenOptions>,
): Promise<Listener> {
  const { cert, key } = values;
  const credentials = cert && key ? { cert, key } : await generate(address);
  const checked = checkPair(
    { option: "--cert", pem: credentials.cert },
    { option: "--key", pem: credentials.key },
  );
  if (values.clientCa) checkCertificate({ option: "--client-ca", pem: values.clientCa });
  const binding = { credentials, values, preparing: { ...values, clock } };
  const byNode = values.clientCa || values.proxyProtocol;
  const system = byNode ? undefined : Descriptors.open();
  const { listener, accept } = system || (!byNode && !hasNodeNetworking())
    ? listenByDeno(address, { ...binding, system })
    : await listenByNode(address, binding);
  const close = () => {
    listener.close();
    system?.[Symbol.dispose]();
  };
  const certificate = { ...checked, generated: !cert };
  return { address: socketAddress("tls", listener.addr), certificate, accept, close };
}

interface Binding {
  readonly credentials: Credentials;
  readonly values: Values<typeof listenOptions>;
  readonly preparing: Preparing;
}

function listenByDeno(
  address: InetAddress,
  { system, preparing, ...binding }: Binding & { system: Descriptors | undefined },
) {
  const listener = bindTls(address, binding);
  const accept = async () => {
    const conn = await listener.accept();
    const local = socketAddress("tls", conn.localAddr);
    const remote = socketAddress("tls", conn.remoteAddr);
    const secure = () => shake(conn);
    return new StreamArrival(conn, { ...preparing, local, remote, secure, cut: () => cut(remote) });
  };
  // The runtime goes on with a handshake whose connection is closed, until the peer has enough.
  const cut = (remote: InetAddress) => {
    const descriptor = system?.ofPeer(remote);
    if (descriptor !== undefined) system!.shutdown(descriptor);
  };
  // It has no setNoDelay for TLS either: without, an echo of 64 KiB takes 44 ms.
  const descriptor = system?.ofPort(socketAddress("tls", listener.addr));
  if (descriptor !== undefined) system!.setNoDelay(descriptor);
  return { listener, accept };
}

async function listenByNode(address: InetAddress, { credentials, values, preparing }: Binding) {
  requireNodeNetworking(
    values.clientCa ? "Option --client-ca" : "Option --proxy-protocol over TLS",
  );
  const { acceptorOf } = await import("./tls_sessions.ts");
  const secure = acceptorOf({ ...values, ...credentials });
  const listener = bindTcp(address);
  const accept = async () => arrivalOf(await listener.accept(), { ...preparing, secure }, "tls");
  return { listener, accept };
}

function generate({ hostname }: InetAddress): Promise<Credentials> {
  const own = hostname === "" || LOCAL_NAMES.includes(hostname) ? [] : [hostname];
  return generateCredentials([...own, ...LOCAL_NAMES]);
}

function bindTls(
  address: InetAddress,
  { credentials, values: { alpn } }: Pick<Binding, "credentials" | "values">,
): Deno.TlsListener {
  const options = { ...credentials, tcpBacklog: BACKLOG, alpnProtocols: [...alpn] };
  return bind(address, (at) => Deno.listenTls({ ...at, ...options }));
}

async function shake(conn: Deno.TlsConn): Promise<Secured> {
  try {
    const { alpnProtocol } = await conn.handshake();
    return { socket: conn, security: { alpn: alpnProtocol ?? undefined } };
  } catch (error) {
    throw new NetworkError(explainTls(error), { cause: error });
  }
}
