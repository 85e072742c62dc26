/** What a service is: what the server does with a peer. Each is one file and one line in the table. */
import type { Duplex } from "../net/duplex.ts";
import type { OptionTable } from "../options.ts";
import type { Named } from "../table.ts";

/** One behaviour of the server towards a peer. */
export interface Service extends Named {
  /** What the service adds to the server's options. */
  readonly options: OptionTable;
  /** A command line that shows it. */
  readonly example: string;
  /** Serves one peer until its end. The caller closes the peer afterwards. */
  handle(peer: Duplex): Promise<void>;
}
