/** The messages of `GET /v1/state`. */
import type { Sample } from "../samples.ts";
import type { EndpointJson } from "./endpoint_json.ts";
import type { SessionJson } from "./sessions.ts";

/** Bytes from the peer and to it, of the connection with this number. */
export type SessionTraffic = readonly [connection: number, received: number, sent: number];

/** Each message has one of `state`, `events` and `sample`. */
export interface StateMessage {
  /** All of it: what was told before is no longer true. */
  readonly state?: {
    /** Another one after a restart. */
    readonly instance: string;
    readonly version: string;
    /** What the chance of faults began with. */
    readonly seed: number;
    /** Milliseconds since 1970. */
    readonly started: number;
    /** The name of its machine; empty where it may not be asked for. */
    readonly host: string;
    readonly endpoints: readonly EndpointJson[];
    readonly sessions: readonly SessionJson[];
    /** The last five minutes, second by second. */
    readonly samples: readonly Sample[];
  };
  /** What has happened, as with `--json`. */
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  /** Beside events: the endpoints that they have changed. */
  readonly endpoints?:
    readonly (EndpointJson | { readonly name: string; readonly removed: true })[];
  /** Every second: what all endpoints and each of them did, and the sessions that moved bytes. */
  readonly sample?: {
    readonly all: Sample;
    readonly endpoints: readonly (Sample & { readonly name: string })[];
    readonly sessions: readonly SessionTraffic[];
  };
}
