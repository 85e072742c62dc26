/** What is measured of streams: by intervals, and in all after what is omitted. */
import type { Clock } from "../core/clock.ts";
import type { TcpInfo } from "../net/tcp_info.ts";
import { countsSince, type DataStream, type StreamCounts } from "./data_stream.ts";

const MIN_INTERVAL_MS = 100; // a shorter rest is not told

/** What a stream did in a part of the test. */
export interface StreamInterval {
  readonly id: number;
  readonly sends: boolean;
  readonly counts: StreamCounts;
  readonly jitterMs: number;
  /** What the system knows of the connection at the end, where it tells. */
  readonly tcp: TcpInfo | undefined;
  /** Segments sent again meanwhile. */
  readonly retransmits: number | undefined;
}

/** A part of the test. */
export interface Interval {
  /** Milliseconds since the test began or, after what is omitted, since the measurement did. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether it was before the measurement. */
  readonly omitted: boolean;
  readonly streams: readonly StreamInterval[];
}

/** What is measured of a stream in all. */
export interface StreamTotal extends StreamInterval {
  /** What had passed before the measurement. */
  readonly omitted: StreamCounts;
  /** Milliseconds from the beginning of the measurement to its end or, if it was later, the last byte. */
  readonly elapsedMs: number;
}

/** A stream at a moment. */
interface Snapshot {
  readonly counts: StreamCounts;
  readonly tcp: TcpInfo | undefined;
}

/** Measures streams from its creation on, and from {@linkcode Measurement.begin} anew. */
export class Measurement {
  readonly #streams: readonly DataStream[];
  readonly #clock: Clock;
  #baseline: Map<DataStream, Snapshot>; // at the beginning
  #last: Map<DataStream, Snapshot>; // at the end of the last interval
  #began: number;
  #lastEnd: number;
  #ended: number | undefined;
  #isOmitting: boolean;
  readonly #jitterMs = new Map<DataStream, number>(); // at the end

  constructor(
    streams: readonly DataStream[],
    { clock, omits }: { readonly clock: Clock; readonly omits: boolean },
  ) {
    this.#streams = streams;
    this.#clock = clock;
    this.#isOmitting = omits;
    this.#began = this.#lastEnd = clock.now();
    this.#baseline = this.#last = this.#snapshots();
  }

  /** Begins anew: what has passed so far is omitted. */
  begin(): void {
    this.#baseline = this.#last = this.#snapshots();
    this.#began = this.#lastEnd = this.#clock.now();
    this.#isOmitting = false;
  }

  /** Ends it; what comes later still counts for the streams that receive it. */
  end(): void {
    this.#ended = this.#clock.now();
    // What comes behind the others is no measure of their jitter.
    for (const stream of this.#streams) this.#jitterMs.set(stream, stream.jitterMs);
  }

  /** Whether nothing was measured yet but what is omitted. */
  get isOmitting(): boolean {
    return this.#isOmitting;
  }

  /** Milliseconds that were measured, up to now or the end. */
  get elapsedMs(): number {
    return (this.#ended ?? this.#clock.now()) - this.#began;
  }

  /** What has passed since the last interval; the next one begins here. */
  interval(): Interval {
    const [now, before] = [this.#snapshots(), this.#last];
    const toMs = this.#clock.now() - this.#began;
    const fromMs = this.#lastEnd - this.#began;
    this.#last = now;
    this.#lastEnd = this.#clock.now();
    const streams = this.#streams.map((stream) =>
      intervalOf(stream, { now: now.get(stream)!, before: before.get(stream)! })
    );
    return { fromMs, toMs, omitted: this.#isOmitting, streams };
  }

  /** The last interval, unless it is a rest too short to tell. */
  rest(): Interval | undefined {
    const isOnly = this.#lastEnd === this.#began;
    const isLong = this.#clock.now() - this.#lastEnd >= MIN_INTERVAL_MS;
    return isOnly || isLong ? this.interval() : undefined;
  }

  /** What was measured of each stream, and came since. */
  totals(): StreamTotal[] {
    const now = this.#snapshots();
    return this.#streams.map((stream) => {
      const before = this.#baseline.get(stream)!;
      const last = stream.sends ? 0 : stream.lastByteAt - this.#began;
      return {
        ...intervalOf(stream, { now: now.get(stream)!, before }),
        jitterMs: this.#jitterMs.get(stream)!,
        omitted: before.counts,
        elapsedMs: Math.max(this.elapsedMs, last),
      };
    });
  }

  #snapshots(): Map<DataStream, Snapshot> {
    return new Map(
      this.#streams.map((stream) => [stream, { counts: stream.counts, tcp: stream.peer.tcpInfo }]),
    );
  }
}

function intervalOf(
  { id, sends, jitterMs }: DataStream,
  { now, before }: { readonly now: Snapshot; readonly before: Snapshot },
): StreamInterval {
  return {
    id,
    sends,
    counts: countsSince(now.counts, before.counts),
    jitterMs,
    tcp: now.tcp,
    retransmits: now.tcp && now.tcp.retransmits - (before.tcp?.retransmits ?? 0),
  };
}
