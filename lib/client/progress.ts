/** That something goes on: a line on a terminal, once it has taken a while. */
import { type Clock, every } from "../core/clock.ts";
import { formatByteRate, formatSize } from "../core/units.ts";
import type { Duplex } from "../net/duplex.ts";
import type { StatusLine } from "../terminal/status_line.ts";

const FIRST_AFTER_MS = 2000; // what is over by then needs no line
const SHOW_EVERY_MS = 500;

/**
 * Tells how long work is going on, on a status line that is gone when it is over.
 *
 * @example
 * ```ts no-assert
 * import { Progress } from "./progress.ts";
 * import { systemClock as clock } from "../core/clock.ts";
 * import { StatusLine } from "../terminal/status_line.ts";
 *
 * const progress = new Progress(new StatusLine(Deno.stderr), { clock });
 * const work = new Promise((resolve) => setTimeout(resolve, 10));
 * await progress.during(work, () => "waiting for the peer");
 * ```
 */
export class Progress {
  readonly #status: StatusLine;
  readonly #clock: Clock;
  readonly #forced: boolean;

  /** With `forced`, it is shown whatever else is written to the terminal. */
  constructor(
    status: StatusLine,
    { clock, forced = false }: { readonly clock: Clock; readonly forced?: boolean },
  ) {
    this.#status = status;
    this.#clock = clock;
    this.#forced = forced;
  }

  /** Prints a line above the status. */
  say(line: string): Promise<void> {
    return this.#status.end(`${line}\n`).catch(() => {});
  }

  /**
   * Shows what `describe` tells and how long it has been, until the work is over. Returns or throws
   * what the work does. Not where somebody types on the terminal, or sees there what comes
   * (`covered`).
   */
  async during<T>(
    work: Promise<T>,
    describe: () => string,
    { covered = () => false }: { readonly covered?: () => boolean } = {},
  ): Promise<T> {
    if (!this.#status.live) return await work;
    const started = this.#clock.now();
    const show = () => {
      if (covered() && !this.#forced) return;
      const seconds = Math.floor((this.#clock.now() - started) / 1000);
      this.#status.show(`${seconds} s: ${describe()}`);
    };
    let stop = this.#clock.after(FIRST_AFTER_MS, () => {
      show();
      stop = every(this.#clock, SHOW_EVERY_MS, show);
    });
    try {
      return await work;
    } finally {
      stop();
      await this.#status.end().catch(() => {}); // nobody reads stderr any more
    }
  }
}

/** Tells what a connection has moved, and how fast since it was last asked. */
export function trafficMeter(peer: Duplex, clock: Clock): () => string {
  let before = { at: clock.now(), bytes: 0 };
  return () => {
    const { sent, received } = peer.traffic;
    const now = { at: clock.now(), bytes: sent + received };
    const rate = (now.bytes - before.bytes) * 1000 / Math.max(1, now.at - before.at);
    before = now;
    return `${formatSize(sent)} sent, ${formatSize(received)} received, ${formatByteRate(rate)}`;
  };
}
