/** What a transport is. Each is one file here and one line in `table.ts`. */
import type { Address } from "../address.ts";
import type { Clock } from "../clock.ts";
import type { Named } from "../table.ts";
import type { Duplex } from "./duplex.ts";

/** Where peers arrive. */
export interface Listener {
  /** The address that is bound, with the real port. */
  readonly address: Address;
  /** The next peer. Rejects when one failed to arrive; the listener goes on. */
  accept(): Promise<Duplex>;
  /** Stops listening; a pending accept rejects. */
  close(): void;
}

/** How to dial. */
export interface DialOptions {
  /** How long to try, all addresses together, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** One way to reach a peer. */
export interface Transport extends Named {
  /** @throws {NetworkError} when the address cannot be bound */
  listen(address: Address): Listener;
  /** @throws {NetworkError} naming what was tried */
  dial(address: Address, options: DialOptions): Promise<Duplex>;
}
