/** Listening for TLS. */
import { type InetAddress, inZoneOf, socketAddress } from "../../address.ts";
import { hasNodeNetworking, requireNodeNetworking } from "../../../core/runtime.ts";
import { acceptTcp, loadPreparing, type SecuredSocket, tcpArrival } from "../../incoming.ts";
import {
  checkCertificate,
  checkPair,
  checkVersion,
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
import { MAX_HELLO_BYTES, mayBeHello, readClientHello } from "./client_hello.ts";
import { type Clock, delay } from "../../../core/clock.ts";
import { type ClientHello, HandshakeError } from "../../tls_session.ts";
import type { Socket } from "../../socket_duplex.ts";
import type { Listener, ListenOptions } from "../../transport.ts";

// Pauses before each look for the hello, two seconds in all. One that comes later is not known.
const HELLO_PAUSES_MS = [0, 1, 1, 2, 4, 8, ...Array<number>(124).fill(16)];
const peeked = new Uint8Array(MAX_HELLO_BYTES);
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
  if (byDeno) checkVersion({ option: "--cert", pem: given.cert });
  // Before it listens, as the first handshake of a program takes some 30 ms of its own.
  if (hasNodeNetworking()) await (await import("./node_session.ts")).rehearseTls();
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
    const system = new SystemSocket({ type: "tcp", local: socketAddress("tls", addr) });
    // The runtime has no setNoDelay for TLS; without it, an echo of 64 KiB takes 44 ms.
    system.setNoDelay();
    // It shakes hands as soon as it can read, and tells nothing of the hello.
    system.setLowWater(MAX_HELLO_BYTES);
  }
  const listener = acceptingFromAll(listeners);
  return {
    address: inZoneOf(address, socketAddress("tls", listener.addr)),
    accept: async () => {
      const conn = await listener.accept();
      const secure = async (_: Socket, system: SystemSocket | undefined) =>
        shake(conn, await awaitHello(system, clock));
      return tcpArrival(conn, address, { values, clock, closesLate: true, secure });
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

// Gives the hello a moment to come, and lets the runtime read then.
async function awaitHello(
  system: SystemSocket | undefined,
  clock: Clock,
): Promise<ClientHello | undefined> {
  if (!system || !libc()) return undefined;
  let hello: ClientHello | undefined;
  for (const pause of HELLO_PAUSES_MS) {
    if (pause > 0) await delay(pause, { clock });
    const begun = peeked.subarray(0, system.peek(peeked));
    hello = readClientHello(begun);
    if (hello || !mayBeHello(begun) || system.hasEnded()) break;
  }
  system.setLowWater(1);
  return hello;
}

async function shake(conn: Deno.TlsConn, hello?: ClientHello): Promise<SecuredSocket> {
  try {
    const { alpnProtocol } = await conn.handshake();
    return {
      socket: conn,
      security: { alpn: alpnProtocol ?? undefined, hello, secretsLogged: true },
    };
  } catch (error) {
    throw new HandshakeError(explainTls(error), { hello, cause: error });
  }
}
