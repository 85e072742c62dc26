/** What a service is: what the server does with a peer. Each is one file and one line in the table. */
import type { Clock } from "../core/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { OptionTable, Values } from "../cli/options.ts";
import type { Named } from "../core/named.ts";

/** What a service works with besides the peer. */
export interface ServiceContext<T extends OptionTable = OptionTable> {
  readonly values: Values<T>;
  readonly clock: Clock;
  /** Tells what becomes of what the service does elsewhere. */
  readonly report: (detail: string) => void;
}

/** One behaviour of the server towards a peer. */
export interface Service extends Named {
  /** What the service adds to the server's options. */
  readonly options: OptionTable;
  /** A command line that shows it. */
  readonly example: string;
  /** Whether it says more than it is asked, and so is not offered over UDP. */
  readonly amplifies?: boolean;
  /** Over UDP: times what it was asked that it may answer, at any time. */
  readonly allowance?: number;
  /** Throws a `UsageError` where its options say too little or too much. */
  check?(values: Values<OptionTable>): Promise<void> | void;
  /** Serves one peer until its end. The caller closes the peer afterwards. */
  handle(peer: Duplex, context: ServiceContext): Promise<void>;
}

/** Declares a service whose functions know the types of its options. */
export function defineService<T extends OptionTable>(
  service: Omit<Service, "options" | "check" | "handle"> & {
    readonly options: T;
    check?(values: Values<T>): Promise<void> | void;
    handle(peer: Duplex, context: ServiceContext<T>): Promise<void>;
  },
): Service {
  return service as Service;
}
