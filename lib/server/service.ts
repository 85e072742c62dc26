/** What a service is. Each is one file in `services/` and one line in `services.ts`. */
import type { OptionTable, Values } from "../cli/options.ts";
import type { Clock } from "../core/clock.ts";
import type { Named } from "../core/named.ts";
import type { Address } from "../net/address.ts";
import type { EventMap, OfConnection } from "../log/event.ts";
import type { Duplex } from "../net/duplex.ts";

/** What a service works with besides the peer. */
export interface ServiceContext<T extends OptionTable = OptionTable, S = unknown> {
  readonly values: Values<T>;
  /** What {@linkcode Service.start} returned for the endpoint. */
  readonly state: S;
  readonly clock: Clock;
  /** Reports what becomes of a connection that the service makes for its peer. */
  readonly report: (detail: string) => void;
  /** To be called while the peer is silent for a good reason, so that it does not count as idle. */
  readonly active: () => void;
  /** Reports what was measured with the peer. */
  readonly measured: (measured: Omit<EventMap["measured"], keyof OfConnection>) => void;
  /** Captures a connection that the service makes for its peer, where the peer's is captured. */
  readonly watch: (upstream: Duplex, began: number) => void;
}

/** One behaviour of the server towards a peer. */
export interface Service extends Named {
  /** What the service adds to the server's options. */
  readonly options: OptionTable;
  /** A command line that shows it. */
  readonly example: string;
  /** Whether its answers are longer than their questions, so that it is not offered over UDP. */
  readonly amplifies?: boolean;
  /**
   * Over UDP: how many bytes an answer may have for each byte that was received; by default 1 for
   * each datagram.
   */
  readonly replyFactor?: number;
  /** Whether an endpoint on a TCP port also takes the datagrams of that port. */
  readonly takesDatagrams?: boolean;
  /** Whether a peer of its needs several connections, so that --once makes no sense. */
  readonly needsSeveral?: boolean;
  /** Whether its payload says nothing to a reader, and is not shown; it is captured all the same. */
  readonly hidesPayload?: boolean;
  /** Throws a `UsageError` where its options say too little or too much. */
  check?(values: Values<OptionTable>): Promise<void> | void;
  /** The addresses that it connects to. */
  targets?(values: Values<OptionTable>): readonly Address[];
  /** Loads the code that serving needs, before the first connection. */
  load?(values: Values<OptionTable>): Promise<unknown>;
  /** Makes what the connections of an endpoint share. */
  start?(values: Values<OptionTable>): unknown;
  /** Learns of a peer that a limit of the server has refused. */
  refused?(remote: Address, state: unknown): void;
  /**
   * Serves one peer until its end. The caller closes the peer afterwards. Returns why, where it was
   * not the peer that ended it.
   */
  handle(peer: Duplex, context: ServiceContext): Promise<string | void>;
}

/** Declares a service whose functions know the types of its options. */
export function defineService<T extends OptionTable, S = undefined>(
  service:
    & Omit<Service, "options" | "check" | "targets" | "load" | "start" | "refused" | "handle">
    & {
      readonly options: T;
      check?(values: Values<T>): Promise<void> | void;
      targets?(values: Values<T>): readonly Address[];
      load?(values: Values<T>): Promise<unknown>;
      start?(values: Values<T>): S;
      refused?(remote: Address, state: S): void;
      handle(peer: Duplex, context: ServiceContext<T, S>): Promise<string | void>;
    },
): Service {
  return service as Service;
}
