/** The result of a load: plain data, that reports render and other programs read. */
import type { Distribution } from "./distribution.ts";
import type { Asked } from "./load.ts";

/** The version of the shape of a result. */
export const SCHEMA = "netecho-bench/1";

/** What happened in a stretch of the measurement. */
export interface Slice {
  /** From the beginning of the measurement to the end of the slice, in milliseconds. */
  readonly atMs: number;
  readonly lastedMs: number;
  /** Answers that came in it. */
  readonly answered: number;
  readonly failed: number;
  /** Their latencies, in milliseconds, within 1 %; 0 where there are none. */
  readonly maxMs: number;
  /** Absent where results were merged: percentiles do not add up. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** What the generator knows of itself. */
export interface Instrument {
  /** The smallest step of its clock, in milliseconds. */
  readonly resolutionMs: number;
  /** CPU time of the program for each second, 1 being one core. */
  readonly cpu: number;
  /**
   * Open loop: how late requests were sent although a connection was free. Closed loop: how long
   * the event loop took to come round, which is what an answer may have waited to be seen.
   */
  readonly latenessMs: Readonly<Record<string, number>>;
  /** Why the figures are those of the client rather than of the peer. */
  readonly warning?: string;
}

/** Where and how it was measured. */
export interface Setting {
  readonly netecho: string;
  /** ISO 8601. */
  readonly started: string;
  readonly command: string;
  readonly environment: {
    readonly os: string;
    readonly arch: string;
    readonly cpus: number;
    readonly deno: string;
  };
  readonly address: string;
}

/** The result of one load. */
export interface BenchResult extends Setting {
  readonly schema: typeof SCHEMA;
  readonly load: Omit<Asked, "offset">;
  readonly elapsedMs: number;
  readonly requests: {
    /** Those that were to be sent in the measured time, and were answered. */
    readonly answered: number;
    readonly failed: number;
    /** Under way at the end. */
    readonly inFlight: number;
    /** Of those, never answered. */
    readonly unanswered: number;
    /** Due by the schedule, and never sent because no connection was free. */
    readonly unsent: number;
  };
  /** Whether somebody ended it before its time. */
  readonly interrupted?: true;
  /** Failures by their kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers a second that came in the measured time. */
  readonly rate: number;
  /** In an open loop from the moment that a request was to be sent. */
  readonly latency: Distribution;
  /** From the moment that it was sent; in an open loop alone. */
  readonly uncorrected?: Distribution;
  /** Where the time of new connections went. */
  readonly parts?: Readonly<Record<string, Distribution>>;
  readonly timeline: readonly Slice[];
  readonly instrument: Instrument;
  /** The round trip on a connection of its own, before the load and under it. */
  readonly underLoad?: { readonly idle: Distribution; readonly loaded: Distribution };
  /** The rates that were tried, of a search for the highest. */
  readonly search?: Search;
  /** Beside an earlier result. */
  readonly comparison?: readonly Compared[];
  /** How many results were merged into this one. */
  readonly machines?: number;
}

/** A search for the highest rate that holds a condition. */
export interface Search {
  readonly condition: string;
  readonly trials: readonly {
    readonly target: number;
    readonly rate: number;
    /** Absent where nothing was answered. */
    readonly value?: number;
    readonly held: boolean;
  }[];
  /** The highest rate that held; absent where none did. */
  readonly highest?: number;
}

/** A figure of both results. */
export interface Compared {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  /** Whether the slices of the two runs differ by more than chance would have it. */
  readonly verdict: "changed" | "noise" | "unknown";
}
