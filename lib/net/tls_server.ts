/** Listening for TLS. */
import { type InetAddress, socketAddress } from "../address.ts";
import { explain, NetworkError, UsageError } from "../errors.ts";
import type { Values } from "../options.ts";
import { requireNodeNetworking } from "../runtime.ts";
import { arrivalOf, type Secured, StreamArrival } from "./arrival.ts";
import { type Credentials, generateCredentials, readCertificate } from "./certificates.ts";
import type { Socket } from "./duplex.ts";
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
  const { cert, key, clientCa, proxyProtocol } = values;
  const credentials = cert && key ? { cert, key } : await generate(address);
  const about = { certificate: certificateOf(credentials) };
  const preparing = { ...values, clock };
  if (!clientCa && !proxyProtocol) {
    const listener = bindTls(address, { credentials, values });
    return {
      ...about,
      address: socketAddress("tls", listener.addr),
      accept: async () => {
        const conn = await listener.accept();
        const local = socketAddress("tls", conn.localAddr);
        const remote = socketAddress("tls", conn.remoteAddr);
        return new StreamArrival(conn, { ...preparing, local, remote, secure: () => shake(conn) });
      },
      close: () => listener.close(),
    };
  }
  requireNodeNetworking(clientCa ? "Option --client-ca" : "Option --proxy-protocol with TLS");
  const { acceptTls } = await import("./tls_sessions.ts");
  const secure = (socket: Socket) => acceptTls(socket, { ...values, ...credentials });
  const listener = bindTcp(address);
  return {
    ...about,
    address: socketAddress("tls", listener.addr),
    accept: async () => arrivalOf(await listener.accept(), { ...preparing, secure }, "tls"),
    close: () => listener.close(),
  };
}

function generate({ hostname }: InetAddress): Promise<Credentials> {
  const own = hostname === "" || LOCAL_NAMES.includes(hostname) ? [] : [hostname];
  return generateCredentials([...own, ...LOCAL_NAMES]);
}

function certificateOf({ cert }: Credentials) {
  try {
    return readCertificate(cert);
  } catch {
    throw new UsageError("Option --cert: the file holds no certificate in PEM");
  }
}

interface TlsBinding {
  readonly credentials: Credentials;
  readonly values: Values<typeof listenOptions>;
}

function bindTls(address: InetAddress, { credentials, values: { alpn } }: TlsBinding) {
  const alpnProtocols = [...alpn];
  return bind(address, (at) => {
    try {
      return Deno.listenTls({ ...at, tcpBacklog: BACKLOG, ...credentials, alpnProtocols });
    } catch (error) {
      if (!(error instanceof Deno.errors.InvalidData)) throw error;
      throw new UsageError(`Options --cert and --key: ${explain(error)}`);
    }
  });
}

async function shake(conn: Deno.TlsConn): Promise<Secured> {
  try {
    const { alpnProtocol } = await conn.handshake();
    return { socket: conn, security: { alpn: alpnProtocol ?? undefined } };
  } catch (error) {
    throw new NetworkError(explainTls(error), { cause: error });
  }
}
