/** Printing a ping while it runs and at its end. */
import type { Address } from "../net/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Histogram, Histograms } from "../core/histogram.ts";
import { sparkline, type StatusLine } from "../terminal/status_line.ts";
import { formatDuration } from "../core/units.ts";
import type { StrayCounts } from "../net/strays.ts";
import type { Part } from "../probe/round_trip.ts";
import type { PingAnswer, PingFormat } from "./format.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { PingStatistics } from "./statistics.ts";

const MAX_ROUND_TRIPS_SHOWN = 40; // round trips in the sparkline

/** Prints a ping and keeps its statistics. */
export class PingScreen {
  readonly tally: PingStatistics;
  readonly #address: Address;
  readonly #clock: Clock;
  readonly #histograms: Histograms;
  readonly #format: PingFormat;
  readonly #screen: StatusLine;
  #quiet: boolean;
  readonly #recent: number[] = [];
  readonly #parts = new Map<Part["name"], Histogram>();
  #started: number | undefined;
  #strays: StrayCounts | undefined;
  #rehearsal: Rehearsal | undefined;

  constructor(
    { address, clock, status }: {
      readonly address: Address;
      readonly clock: Clock;
      readonly status: StatusLine;
    },
    { format, quiet, histograms }: {
      readonly format: PingFormat;
      readonly quiet: boolean;
      readonly histograms: Histograms;
    },
  ) {
    this.#address = address;
    this.#clock = clock;
    this.#format = format;
    this.#quiet = quiet;
    this.#histograms = histograms;
    this.#screen = status;
    this.tally = new PingStatistics(histograms.create());
  }

  /** `strays` tells what comes from others than the peer. */
  start(size: number, strays?: StrayCounts): void {
    this.#strays = strays;
    this.#started = this.#clock.now();
    this.#screen.print(this.#format.start(size));
  }

  /** Has the summary say how long the program itself takes. */
  set rehearsal(rehearsal: Rehearsal | undefined) {
    this.#rehearsal = rehearsal;
  }

  answer(answer: PingAnswer): void {
    if (!this.#quiet) this.#screen.print(this.#format.answer(answer));
    if (answer.roundTrip !== undefined) this.#remember(answer.roundTrip);
  }

  connected(
    number: number,
    { took: roundTrip, parts, intact, size, remote }: {
      readonly remote: Address;
      readonly size: number;
      readonly took: number;
      readonly parts: readonly Part[];
      readonly intact: boolean;
    },
  ): void {
    const { counts } = this.tally;
    counts.received++;
    if (intact) this.tally.record(roundTrip);
    else counts.corrupt++;
    for (const { name, took } of parts) this.#part(name).record(took);
    this.answer({
      number,
      remote,
      size,
      roundTrip,
      parts,
      intact,
      standing: "answer",
      reordered: false,
    });
  }

  lost(number: number, reason: string): void {
    this.tally.giveUp();
    if (!this.#quiet) this.#screen.print(this.#format.lost(number, reason));
  }

  /** Rejects when nothing more can be printed. */
  get failed(): Promise<never> {
    return this.#screen.failed;
  }

  /** Prints the summary, if anything has begun, and nothing after it. */
  async end(): Promise<void> {
    if (this.#started === undefined) return;
    this.#quiet = true;
    const parts = [...this.#parts].map(([name, times]) => ({ name, took: times.at(50) }));
    const elapsedMs = this.#clock.now() - this.#started;
    const { tally } = this;
    const summary = this.#format.summary({
      address: this.#address,
      tally,
      elapsedMs,
      parts,
      strays: this.#strays,
      ownMs: this.#rehearsal?.medianMs,
    });
    await this.#screen.end(summary);
  }

  #part(name: Part["name"]): Histogram {
    const found = this.#parts.get(name) ?? this.#histograms.create();
    this.#parts.set(name, found);
    return found;
  }

  #remember(roundTrip: number): void {
    if (!this.#screen.live) return;
    this.#recent.push(roundTrip);
    if (this.#recent.length > MAX_ROUND_TRIPS_SHOWN) this.#recent.shift();
    const { roundTrips } = this.tally;
    const [p50, p99] = [50, 99].map((percent) => formatDuration(roundTrips.at(percent)));
    this.#screen.show(`${sparkline(this.#recent)}  p50 ${p50}, p99 ${p99}`);
  }
}
