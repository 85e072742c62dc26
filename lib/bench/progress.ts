/** The progress of a load, in one line. */
import { sparkline, type StatusLine } from "../terminal/status_line.ts";
import { formatCount, formatDuration, formatFigures } from "../core/units.ts";
import type { LoadOptions } from "../report/load.ts";
import type { Slice } from "../report/result.ts";

const SHOW_EVERY_MS = 250; // milliseconds of the measurement between two lines
const MAX_RATES_SHOWN = 20; // rates in the sparkline

/** Shows slices on a status line. */
export class LoadProgress {
  readonly #status: StatusLine;
  readonly #load: LoadOptions;
  readonly #rates: number[] = [];
  #failed = 0;
  #answered = 0;
  #shown = 0;

  constructor(status: StatusLine, load: LoadOptions) {
    this.#status = status;
    this.#load = load;
    const { ramp, warmup, connections } = load;
    const before = ramp + warmup;
    const then = before > 0 ? `, measuring in ${formatDuration(before)}` : "";
    status.show(`connecting ${formatCount(connections)}${then}`);
  }

  show({ atMs, lastedMs, answered, failed, p50Ms, p99Ms }: Slice): void {
    this.#failed += failed;
    this.#answered += answered;
    const rate = answered * 1000 / lastedMs;
    this.#rates.push(rate);
    if (this.#rates.length > MAX_RATES_SHOWN) this.#rates.shift();
    if (atMs - this.#shown < SHOW_EVERY_MS) return;
    this.#shown = atMs;
    this.#status.show([
      this.#left(atMs),
      `${formatFigures(rate)}/s`,
      ...(p50Ms === undefined ? [] : [`p50 ${formatDuration(p50Ms)}`]),
      ...(p99Ms === undefined ? [] : [`p99 ${formatDuration(p99Ms)}`]),
      ...(this.#failed > 0 ? [`${formatCount(this.#failed)} failed`] : []),
      sparkline(this.#rates),
    ].join("  "));
  }

  #left(atMs: number): string {
    const { duration, requests } = this.#load;
    if (requests !== undefined) {
      return `${formatCount(Math.max(0, requests - this.#answered))} left`;
    }
    return `${Math.ceil(Math.max(0, duration - atMs) / 1000)} s left`;
  }
}
