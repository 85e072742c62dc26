/** The streams of a test while they run, on either side. */
import { type Clock, delay, every, settlesWithin } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import type { DataStream } from "./data_stream.ts";
import { type Interval, Measurement, type StreamTotal } from "./measurement.ts";

const INTERVAL_MS = 1000;
// Without a byte for so long, or for two round trips, what was sent in time has come.
const QUIET_MS = 50;
const MAX_DRAIN_MS = 1000;
// The same where it is known how much is to come.
const LIMITED_QUIET_MS = 1000;
const MAX_LIMITED_DRAIN_MS = 20_000;

/** How streams are run. */
export interface TransferOptions {
  readonly clock: Clock;
  /** Milliseconds that are not measured. */
  readonly omit: number;
  /** Bytes that come to this side in all, if they are limited. */
  readonly bytes?: number | undefined;
  readonly onInterval?: ((interval: Interval) => void) | undefined;
}

/** Runs streams side by side from its creation on, and measures them. */
export class Transfer {
  readonly streams: readonly DataStream[];
  readonly #options: TransferOptions;
  readonly #measurement: Measurement;
  readonly #over = Promise.withResolvers<void>();
  readonly #sent = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #stopping = new AbortController();
  #totals: readonly StreamTotal[] = [];
  #cancelTicks = () => {};

  constructor(streams: readonly DataStream[], options: TransferOptions) {
    const { clock, omit } = options;
    this.streams = streams;
    this.#options = options;
    this.#measurement = new Measurement(streams, { clock, omits: omit > 0 });
    this.#failed.promise.catch(() => {}); // it may be that nobody asks
    this.#tick();
    if (omit > 0) {
      delay(omit, { clock, signal: this.#stopping.signal }).then(() => this.#endOmission());
    }
    const runs = new Map(streams.map((stream) => [stream, this.#run(stream)]));
    const sending = streams.filter(({ sends }) => sends).map((stream) => runs.get(stream));
    Promise.all(runs.values()).then(() => this.#over.resolve());
    Promise.all(sending).then(() => this.#sent.resolve());
  }

  async #run(stream: DataStream): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await stream.run(signal);
      if (stream.sends || signal.aborted) return;
      throw new NetworkError(`Stream ${stream.id} ended before the test`);
    } catch (error) {
      if (!signal.aborted) this.#failed.reject(error);
    }
  }

  /** Rejects where a stream fails, or ends, before the test does. Never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Resolves when all is sent that is to be: at the limit of bytes, or when it is stopped. */
  get sent(): Promise<void> {
    return this.#sent.promise;
  }

  /** Milliseconds that were measured, up to now or the end. */
  get elapsedMs(): number {
    return this.#measurement.elapsedMs;
  }

  /** Whether it was stopped before the measurement began. */
  get isOmitting(): boolean {
    return this.#measurement.isOmitting;
  }

  /** What has passed over all streams so far, omitted or not. */
  get progress(): number {
    return this.streams.reduce((sum, { counts }) => sum + counts.bytes, 0);
  }

  /** What has come to this side so far. */
  get received(): number {
    return this.#receivers.reduce((sum, { counts }) => sum + counts.bytes, 0);
  }

  /** Ends the test; what is under way is not waited for. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#cancelTicks();
    this.#tellRest();
    this.#measurement.end();
  }

  /** Waits for what is being written and what is still on its way; then the totals stand. */
  async drain(): Promise<void> {
    const { clock, bytes = Infinity } = this.#options;
    const [quiet, most] = bytes === Infinity
      ? [Math.max(QUIET_MS, 2 * this.#roundTripMs), MAX_DRAIN_MS]
      : [LIMITED_QUIET_MS, MAX_LIMITED_DRAIN_MS];
    const until = clock.now() + most;
    let [before, since] = [this.progress, clock.now()];
    while (this.received < bytes && clock.now() < until) {
      if (await settlesWithin(this.#over.promise, { clock, milliseconds: QUIET_MS })) break;
      const now = this.progress;
      if (now === before && clock.now() - since >= quiet) break;
      if (now !== before) [before, since] = [now, clock.now()];
    }
    this.settle();
  }

  /** Has the totals be what has passed until now. */
  settle(): void {
    this.#totals = this.#measurement.totals();
  }

  /** What was measured of each stream, once that is drained. */
  get totals(): readonly StreamTotal[] {
    return this.#totals;
  }

  get #receivers(): readonly DataStream[] {
    return this.streams.filter(({ sends }) => !sends);
  }

  get #roundTripMs(): number {
    return Math.max(0, ...this.#receivers.map(({ peer: { tcpInfo } }) => tcpInfo?.rttMs ?? 0));
  }

  #tick(): void {
    const { clock, onInterval } = this.#options;
    if (!onInterval) return;
    this.#cancelTicks = every(clock, INTERVAL_MS, () => onInterval(this.#measurement.interval()));
  }

  #endOmission(): void {
    if (this.#stopping.signal.aborted) return;
    this.#cancelTicks();
    this.#tellRest();
    this.#measurement.begin();
    this.#tick();
  }

  #tellRest(): void {
    const { onInterval } = this.#options;
    const rest = onInterval && this.#measurement.rest();
    if (rest) onInterval(rest);
  }
}
