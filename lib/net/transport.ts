/** What a transport is. Each is one file here and one line in `table.ts`. */
import type { Address } from "./address.ts";
import type { Clock } from "../core/clock.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Named } from "../core/named.ts";
import type { Duplex } from "./duplex.ts";
import type { Certificate, TlsSession } from "./transports/tls/session.ts";

/** A peer that has arrived, before a byte is read from it. */
export interface Arrival {
  readonly local: Address;
  /** Who connected: behind a proxy, the proxy. */
  readonly remote: Address;
  /** Whether a proxy is to say who it really is. */
  readonly proxied?: boolean;
  /** Milliseconds of silence after which such a peer is taken for gone, where it never says so. */
  readonly idleTimeout?: number;
  /**
   * Makes it a peer: TLS shakes hands. At once where there is nothing to wait for.
   *
   * @throws {NetworkError} saying what is wrong with the peer
   */
  open(): Duplex | Promise<Duplex>;
  /** Sends it away, or ends what {@linkcode Arrival.open} waits for. */
  close(): void;
}

/** Where peers arrive. */
export interface Listener {
  /** The address that is bound, with the real port. */
  readonly address: Address;
  /** What it shows to its peers, and whether that was made for this run. */
  readonly certificate?: Certificate & { readonly generated: boolean };
  /** The next peer. Rejects when one failed to arrive; the listener goes on. */
  accept(): Promise<Arrival>;
  /** Stops listening; a pending accept rejects. */
  close(): void;
}

/** What listening needs besides the address. */
export interface ListenOptions<T extends OptionTable = OptionTable> {
  readonly values: Values<T>;
  readonly clock: Clock;
  /** Over UDP: times what it was asked that a remote may be answered, at any time. */
  readonly replyFactor?: number | undefined;
}

/**
 * A part of connecting: looking the name up, TCP's handshake, that of TLS. Loading the code for it,
 * the first time, is no time of the network's.
 */
export type Phase = "loading" | "dns" | "connect" | "tls";

/** How to dial. */
export interface DialOptions<T extends OptionTable = OptionTable> {
  readonly values: Values<T>;
  /** How long to try, all addresses together, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  /** Learns what TLS has found out, before the peer is trusted or not. */
  readonly onSession?: ((security: TlsSession) => Promise<void>) | undefined;
  /** Learns that a part is over; a transport that does without it says nothing. */
  readonly onPhase?: ((phase: Phase) => void) | undefined;
}

/** One way to reach a peer. */
export interface Transport extends Named {
  /** Whether anybody may forge a sender's address: there is no handshake that would find out. */
  readonly connectionless?: boolean;
  /** Milliseconds that the runtime may need, after a close, to say goodbye to the peer. */
  readonly closeDelayMs?: number;
  /** What it adds to the server's options. */
  readonly listenOptions: OptionTable;
  /** What it adds to the client's options. */
  readonly dialOptions: OptionTable;
  /** @throws {UsageError} where the client's options are no good */
  check?(values: Values<OptionTable>): Promise<void>;
  /** @throws {NetworkError} when the address cannot be bound */
  listen(address: Address, options: ListenOptions): Promise<Listener>;
  /** @throws {NetworkError} naming what was tried */
  dial(address: Address, options: DialOptions): Promise<Duplex>;
}

/** Declares a transport whose functions know the types of its addresses and options. */
export function defineTransport<A extends Address, L extends OptionTable, D extends OptionTable>(
  transport: Pick<Transport, "name" | "summary" | "connectionless" | "closeDelayMs"> & {
    readonly listenOptions: L;
    readonly dialOptions: D;
    check?(values: Values<D>): Promise<void>;
    listen(address: A, options: ListenOptions<L>): Promise<Listener>;
    dial(address: A, options: DialOptions<D>): Promise<Duplex>;
  },
): Transport {
  // The table hands to each transport the addresses that bear its name.
  return transport as unknown as Transport;
}
