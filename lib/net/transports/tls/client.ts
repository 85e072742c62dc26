/** Connecting by TLS. */
import { closeQuietly, SocketDuplex } from "../../socket_duplex.ts";
import { formatAddress, type InetAddress } from "../../address.ts";
import { FinalError, NetworkError, TimeoutError } from "../../../core/errors.ts";
import { hasNodeNetworking, requireNodeNetworking } from "../../../core/runtime.ts";
import { cuttingOff, type SecuredSocket } from "../../incoming.ts";
import { tcpSocket } from "../../linux/system_socket.ts";
import { connectTcp, loadConnecting } from "../../connect/tcp_connect.ts";
import type { Duplex } from "../../duplex.ts";
import { type Connection, connectWithin } from "../../connect/deadline.ts";
import { certificateBlocks } from "./pem.ts";
import type { dialOptions } from "./options.ts";
import { explainTls, isAuthoritysOwn } from "./errors.ts";
import type { Values } from "../../../cli/options.ts";
import type { DialOptions } from "../../transport.ts";

/**
 * Connects by TCP and shakes hands, by the runtime's own TLS or, where that cannot, by node:tls.
 *
 * @throws {NetworkError} saying what was tried, or why the peer is not trusted
 */
export async function dialTls(
  address: InetAddress,
  options: DialOptions<typeof dialOptions>,
): Promise<Duplex> {
  return await connectWithin({ address, ...options }, async ({ signal, attempts }) => {
    const connection = await connectTcp(address, { ...options, signal, attempts });
    const { local, remote } = connection;
    const system = tcpSocket(connection);
    const aborted = Promise.withResolvers<never>();
    const abort = () => {
      system?.shutdown(); // the runtime continues a handshake whose connection is closed
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      signal.throwIfAborted();
      const shaking = secure(connection, { ...options, address });
      shaking.catch(() => {}); // it may fail when nobody waits any more
      const { socket, security } = await Promise.race([shaking, aborted.promise]);
      return new SocketDuplex(socket, {
        local,
        remote,
        security,
        system,
        onCutOff: cuttingOff(system, options.clock),
      });
    } catch (error) {
      connection.close();
      const reason = signal.aborted
        ? "no complete TLS handshake in time"
        : await reasonFor(error, options.values);
      const final = error instanceof FinalError ||
        /InvalidData.*invalid peer certificate/.test(`${error}`);
      const Failure = signal.aborted ? TimeoutError : final ? FinalError : NetworkError;
      const cause = new Error(reason, { cause: error });
      throw new Failure(`Cannot connect to ${formatAddress(address)}: ${reason}`, { cause });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  });
}

/** Loads what {@linkcode dialTls} will need; see `Transport.loadDialing`. */
export async function loadTlsDialing(
  address: InetAddress,
  values: Values<typeof dialOptions>,
): Promise<void> {
  await loadConnecting(address, values);
  const { rehearseTls, systemAuthorities } = await import("./node_session.ts");
  if (!values.insecure && !values.fingerprint) systemAuthorities(); // read once, from files
  if (hasNodeNetworking()) await rehearseTls();
}

// Where the authority that is trusted shows itself, its fingerprint is what can be trusted instead.
async function reasonFor(error: unknown, { ca }: Values<typeof dialOptions>): Promise<string> {
  const reason = explainTls(error);
  if (ca === undefined || !isAuthoritysOwn(error)) return reason;
  const { checkCertificate } = await import("./certificates.ts");
  const { fingerprint } = checkCertificate({ option: "--ca", pem: ca });
  return `${
    reason.split("; ")[0]
  }; if it is that of --ca, write --fingerprint ${fingerprint} instead`;
}

async function secure(
  { conn, socket }: Connection,
  { address, values, clock, onSession, onPhase }: DialOptions<typeof dialOptions> & {
    readonly address: InetAddress;
  },
): Promise<SecuredSocket> {
  const { insecure, fingerprint, clientCert, alpn, servername = address.hostname } = values;
  const { connectTls, systemAuthorities } = await import("./node_session.ts");
  // Reading a hundred authorities takes 20 ms. Where they do not judge, they are for showing alone.
  const unjudged = (insecure || fingerprint) && !onSession;
  const own = values.ca ? certificateBlocks(values.ca) : [];
  const ca = unjudged ? own : [...systemAuthorities(), ...own];
  if (!conn || insecure || fingerprint || clientCert || (onSession && hasNodeNetworking())) {
    requireNodeNetworking("TLS with --insecure, --fingerprint, --client-cert or --source");
    return await connectTls(socket, {
      ...values,
      servername,
      ca,
      clock,
      onPhase,
      onSession: onSession ?? (() => {}),
    });
  }
  const alpnProtocols = [...alpn];
  const secured = await Deno.startTls(conn, { hostname: servername, caCerts: ca, alpnProtocols });
  onPhase?.("loading");
  try {
    const { alpnProtocol } = await secured.handshake();
    onPhase?.("tls");
    const security = { alpn: alpnProtocol ?? undefined, secretsLogged: true };
    await onSession?.(security);
    return { socket: secured, security };
  } catch (error) {
    closeQuietly(secured);
    throw error;
  }
}
