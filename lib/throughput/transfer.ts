/** The streams of a test while they run, on either side, and what is measured of them. */
import { type Clock, every, settlesWithin } from "../core/clock.ts";
import type { TcpInfo } from "../net/tcp_info.ts";
import { countsSince, type DataStream, type StreamCounts } from "./data_stream.ts";

const INTERVAL_MS = 1000;
const MIN_INTERVAL_MS = 100; // a shorter rest is not told
const QUIET_MS = 50; // without a byte, all that was sent has come
const MAX_DRAIN_MS = 1000;

/** What a stream did in a part of the test. Times in milliseconds since the test began. */
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
  /** Since the test began or, after what is omitted, since the measurement did. */
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
}

/** What has been told of a stream so far. */
interface Told {
  readonly counts: StreamCounts;
  readonly retransmits: number;
}

/** Runs streams side by side, and measures them. */
export class Transfer {
  readonly streams: readonly DataStream[];
  readonly #clock: Clock;
  readonly #onInterval: (interval: Interval) => void;
  readonly #told = new Map<DataStream, Told>(); // at the end of the last interval
  readonly #omitted = new Map<DataStream, Told>();
  readonly #over = Promise.withResolvers<void>();
  readonly #sent = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #jitterMs = new Map<DataStream, number>(); // at the end
  #measuredFrom = 0;
  #intervalFrom = 0;
  #ended: number | undefined;
  #isOmitting = false;
  #cancel = () => {};
  #cancelOmission = () => {};
  #totals: readonly StreamTotal[] = [];

  constructor(
    streams: readonly DataStream[],
    { clock, onInterval = () => {} }: {
      readonly clock: Clock;
      readonly onInterval?: (interval: Interval) => void;
    },
  ) {
    this.streams = streams;
    this.#clock = clock;
    this.#onInterval = onInterval;
  }

  /** Begins; what passes in the first `omit` milliseconds is not measured. */
  start(omit: number): void {
    this.#measuredFrom = this.#intervalFrom = this.#clock.now();
    for (const stream of this.streams) this.#told.set(stream, toldOf(stream));
    this.#measure();
    this.#isOmitting = omit > 0;
    if (omit > 0) this.#cancelOmission = this.#clock.after(omit, () => this.#endOmission());
    this.#cancel = every(this.#clock, INTERVAL_MS, () => this.#tell());
    this.#failed.promise.catch(() => {}); // it may be that nobody asks
    const runs = new Map(this.streams.map((stream) => [stream, this.#run(stream)]));
    const sending = this.streams.filter(({ sends }) => sends).map((stream) => runs.get(stream));
    Promise.all(runs.values()).then(() => this.#over.resolve());
    Promise.all(sending).then(() => this.#sent.resolve());
  }

  async #run(stream: DataStream): Promise<void> {
    try {
      await stream.run();
    } catch (error) {
      if (this.#ended === undefined) this.#failed.reject(error);
    }
  }

  /** Rejects where a stream fails before it was stopped. Resolves never. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Resolves when all is sent that is to be: at the limit of bytes, or when it is stopped. */
  get sent(): Promise<void> {
    return this.#sent.promise;
  }

  /** Resolves when every stream has ended. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Milliseconds that were measured, up to now or the end. */
  get elapsedMs(): number {
    return (this.#ended ?? this.#clock.now()) - this.#measuredFrom;
  }

  /** What has passed over all streams so far, omitted or not. */
  get progress(): number {
    return this.streams.reduce((sum, { counts }) => sum + counts.bytes, 0);
  }

  /** Ends the measurement; what is under way is not waited for. */
  stop(): void {
    if (this.#ended !== undefined) return;
    this.#ended = this.#clock.now();
    this.#cancel();
    this.#cancelOmission();
    for (const stream of this.streams) {
      stream.stop();
      this.#jitterMs.set(stream, stream.jitterMs);
    }
    this.#tellRest();
  }

  /**
   * Waits for what was sent in time and is still on its way, for a second at most; then the totals
   * stand.
   */
  async drain(): Promise<void> {
    const until = this.#clock.now() + MAX_DRAIN_MS;
    const receives = this.streams.some(({ sends }) => !sends);
    for (let before = -1; receives && before !== this.progress && this.#clock.now() < until;) {
      before = this.progress;
      await settlesWithin(this.over, { clock: this.#clock, milliseconds: QUIET_MS });
    }
    this.#totals = this.#total();
  }

  /** What was measured of each stream, once that is drained. */
  get totals(): readonly StreamTotal[] {
    return this.#totals;
  }

  #total(): StreamTotal[] {
    return this.streams.map((stream) => {
      const before = this.#omitted.get(stream)!;
      // What comes behind the others is no measure of their jitter.
      const jitterMs = this.#jitterMs.get(stream)!;
      return { ...intervalOf(stream, before), jitterMs, omitted: before.counts };
    });
  }

  #endOmission(): void {
    this.#tellRest();
    this.#measure();
    this.#isOmitting = false;
    this.#cancel();
    this.#measuredFrom = this.#intervalFrom = this.#clock.now();
    this.#cancel = every(this.#clock, INTERVAL_MS, () => this.#tell());
  }

  #tellRest(): void {
    const isFirst = this.#intervalFrom === this.#measuredFrom;
    if (isFirst || this.#clock.now() - this.#intervalFrom >= MIN_INTERVAL_MS) this.#tell();
  }

  #measure(): void {
    for (const stream of this.streams) this.#omitted.set(stream, toldOf(stream));
  }

  #tell(): void {
    const now = this.#clock.now();
    const streams = this.streams.map((stream) => {
      const interval = intervalOf(stream, this.#told.get(stream)!);
      this.#told.set(stream, toldOf(stream));
      return interval;
    });
    const [fromMs, toMs] = [this.#intervalFrom, now].map((time) => time - this.#measuredFrom) as [
      number,
      number,
    ];
    this.#intervalFrom = now;
    this.#onInterval({ fromMs, toMs, omitted: this.#isOmitting, streams });
  }
}

function toldOf({ counts, peer }: DataStream): Told {
  return { counts, retransmits: peer.tcpInfo?.retransmits ?? 0 };
}

function intervalOf(stream: DataStream, before: Told): StreamInterval {
  const { id, sends, jitterMs, peer: { tcpInfo: tcp } } = stream;
  return {
    id,
    sends,
    counts: countsSince(stream.counts, before.counts),
    jitterMs,
    tcp,
    retransmits: tcp && tcp.retransmits - before.retransmits,
  };
}
