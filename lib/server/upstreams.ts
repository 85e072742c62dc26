/** The addresses that a forwarder connects to, each in its turn. */
import type { Clock } from "../core/clock.ts";
import type { Address } from "../net/address.ts";

const SILENT_FOR_MS = 30_000; // how long an address that did not answer is tried last

/** Chooses among addresses. An endpoint has one, for all of its connections. */
export class Upstreams {
  readonly #addresses: readonly Address[];
  readonly #silentUntil = new Map<Address, number>();
  #turn = 0;

  constructor(addresses: readonly Address[]) {
    this.#addresses = addresses;
  }

  /**
   * All addresses, in the order in which the next connection tries them: from its turn on, those
   * that were silent a while ago at the end.
   */
  next(clock: Clock): readonly Address[] {
    const from = this.#turn++ % this.#addresses.length;
    const order = [...this.#addresses.slice(from), ...this.#addresses.slice(0, from)];
    const isSilent = (address: Address) => (this.#silentUntil.get(address) ?? 0) > clock.now();
    return [...order.filter((each) => !isSilent(each)), ...order.filter(isSilent)];
  }

  /** Notes that an address gave no answer in time. */
  noteSilent(address: Address, clock: Clock): void {
    this.#silentUntil.set(address, clock.now() + SILENT_FOR_MS);
  }
}
