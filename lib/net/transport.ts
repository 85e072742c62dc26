/**
 * What a transport is. Each is one file or folder in `transports/` and one line in `transports.ts`.
 */
import type { Address } from "./address.ts";
import type { Clock } from "../core/clock.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Named } from "../core/named.ts";
import type { Duplex } from "./duplex.ts";
import type { Certificate, TlsSession } from "./tls_session.ts";

/** A connection that was accepted, before a byte is read from it. */
export interface Arrival {
  readonly local: Address;
  /** Who connected; behind a proxy, the proxy. */
  readonly remote: Address;
  /** Whether a PROXY header will say who the peer is. */
  readonly proxied?: boolean;
  /**
   * Milliseconds without a byte after which a peer of a connectionless transport counts as gone.
   */
  readonly idleTimeout?: number;
  /**
   * Makes it a peer, after the TLS handshake if there is one; at once if there is nothing to wait
   * for.
   *
   * @throws {NetworkError} saying what is wrong with the peer
   */
  open(): Duplex | Promise<Duplex>;
  /** Closes it, or ends what {@linkcode Arrival.open} waits for. */
  close(): void;
}

/** Accepts connections on an address. */
export interface Listener {
  /** The address that is bound, with the real port. */
  readonly address: Address;
  /** Resolves when the address is free, where arrivals use the listener's socket. */
  readonly released?: Promise<void>;
  /** Its certificate, and whether that was made for this run. */
  readonly certificate?: Certificate & { readonly generated: boolean };
  /** The next connection. Rejects if one failed; the listener goes on. */
  accept(): Promise<Arrival>;
  /** Stops listening; a pending accept rejects. */
  close(): void;
}

/** What listening needs besides the address. */
export interface ListenOptions<T extends OptionTable = OptionTable> {
  readonly values: Values<T>;
  readonly clock: Clock;
  /** Over UDP: how many bytes may be answered for each byte received; see `Service.replyFactor`. */
  readonly replyFactor?: number | undefined;
  /** Whether nothing may be read of a peer, its handshake included, before `Arrival.open`. */
  readonly mayWait?: boolean;
}

/**
 * A part of connecting: the DNS look-up, the TCP handshake, the TLS handshake. Loading the code,
 * the first time, is not the network's time.
 */
export type Phase = "loading" | "dns" | "connect" | "tls";

/** Called when a part is over; `moment` says when it ended, if that is not now. */
export type OnPhase = (phase: Phase, moment?: number) => void;

/** How to dial. */
export interface DialOptions<T extends OptionTable = OptionTable> {
  readonly values: Values<T>;
  /** How long to try, all addresses together, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  /** How many bytes to read at a time, where it is known what comes. */
  readonly readBytes?: number | undefined;
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the TLS session before the peer is judged. */
  readonly onSession?: ((security: TlsSession) => Promise<void>) | undefined;
  /** Parts that a transport does not have are not reported. */
  readonly onPhase?: OnPhase | undefined;
}

/** One way to reach a peer. */
export interface Transport extends Named {
  /** Whether there is no handshake, so that the sender's address may be forged. */
  readonly connectionless?: boolean;
  /** Milliseconds that the runtime may need after a close to send the last bytes (close_notify). */
  readonly closeDelayMs?: number;
  /** What it adds to the server's options. */
  readonly listenOptions: OptionTable;
  /** What it adds to the client's options. */
  readonly dialOptions: OptionTable;
  /** @throws {UsageError} if the values of the client's options are invalid */
  check?(values: Values<OptionTable>): Promise<void>;
  /** @throws {NetworkError} when the address cannot be bound */
  listen(address: Address, options: ListenOptions): Promise<Listener>;
  /** @throws {NetworkError} naming what was tried */
  dial(address: Address, options: DialOptions): Promise<Duplex>;
  /**
   * Loads the code that dialing needs. With every descriptor in use it could not be loaded any more,
   * and the runtime would panic.
   */
  loadDialing?(address: Address, values: Values<OptionTable>): Promise<unknown>;
}

/** Declares a transport whose functions know the types of its addresses and options. */
export function defineTransport<A extends Address, L extends OptionTable, D extends OptionTable>(
  transport: Pick<Transport, "name" | "summary" | "connectionless" | "closeDelayMs"> & {
    readonly listenOptions: L;
    readonly dialOptions: D;
    check?(values: Values<D>): Promise<void>;
    listen(address: A, options: ListenOptions<L>): Promise<Listener>;
    dial(address: A, options: DialOptions<D>): Promise<Duplex>;
    loadDialing?(address: A, values: Values<D>): Promise<unknown>;
  },
): Transport {
  // Each transport is given addresses of its own name only.
  return transport as unknown as Transport;
}
