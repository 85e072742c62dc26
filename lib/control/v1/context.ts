/** What netecho's own routes work with. */
import type { LiveServer } from "../../server/live_server.ts";
import type { EventRing } from "../event_ring.ts";
import type { EventCounts } from "../event_counts.ts";
import type { Samples } from "../samples.ts";

/** What the routes work with. */
export interface V1Context {
  readonly server: LiveServer;
  readonly ring: EventRing;
  readonly counts: EventCounts;
  readonly samples: Samples;
  /** Tells this run of the server from others. */
  readonly instance: string;
  /** When it began, in milliseconds since 1970. */
  readonly started: number;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}
