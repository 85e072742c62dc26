/** Comparing the answers of a peer with a recording. */
import { Notifier } from "../core/notifier.ts";
import type { Clock } from "../core/clock.ts";
import { NetworkError } from "../core/errors.ts";
import { preview } from "../terminal/sanitize.ts";
import { formatCount, formatDuration, formatQuantity } from "../core/units.ts";
import { firstDifference } from "../probe/verifier.ts";

const MAX_SHOWN_BYTES = 32; // bytes of what differs
const MAX_REST_MS = 1000;

/** How {@linkcode ReplayAnswers} compare. */
export interface ReplayAnswersOptions {
  /** Whether answers have to be as recorded. */
  readonly verify: boolean;
  /** Milliseconds to wait for an answer longer than in the recording. */
  readonly timeout: number;
  readonly clock: Clock;
  /** Whether stdout is still taking what came: then the peer is not slow. */
  readonly isBusy?: () => boolean;
}

/**
 * The answers of a peer. As the replay goes on, more answers are due, and it waits
 * until they have come: what a client sends depends on what it has received.
 *
 * @example
 * ```ts
 * import { ReplayAnswers } from "./replay_answers.ts";
 * import { systemClock } from "../core/clock.ts";
 * import { NetworkError } from "../core/errors.ts";
 * import { assertThrows } from "@std/assert";
 *
 * const [recorded, other] = ["250 ok", "250 no"].map((text) => new TextEncoder().encode(text));
 * const answers = new ReplayAnswers(recorded!, { verify: true, timeout: 1000, clock: systemClock });
 * assertThrows(() => answers.push(other!), NetworkError, "differs from the recording at offset 4");
 * ```
 */
export class ReplayAnswers {
  readonly #recorded: Uint8Array;
  readonly #options: ReplayAnswersOptions;
  readonly #notifier: Notifier;
  #due = 0; // bytes
  #received = 0;
  #ended = false;

  constructor(recorded: Uint8Array, options: ReplayAnswersOptions) {
    this.#recorded = recorded;
    this.#options = options;
    this.#notifier = new Notifier(options.clock);
  }

  /** Adds bytes that are due. */
  owe(bytes: number): void {
    this.#due += bytes;
  }

  /**
   * Adds bytes that have come.
   *
   * @throws {NetworkError} with the first difference, when verifying
   */
  push(chunk: Uint8Array): void {
    if (this.#options.verify) this.#compare(chunk);
    this.#received += chunk.length;
    this.#notifier.notify();
  }

  /** The peer has closed. */
  end(): void {
    this.#ended = true;
    this.#notifier.notify();
  }

  /**
   * Waits for the bytes that are due, at most the timeout after `moment`. Without verifying,
   * what has not come by then is no longer due.
   *
   * @throws {NetworkError} if they have not come, when verifying
   */
  async complete(moment: number): Promise<void> {
    const { verify } = this.#options;
    const came = await this.#until(moment, () => this.#ended || this.#received >= this.#due);
    if (this.#received >= this.#due) return;
    if (!verify) return void (this.#due = this.#received);
    const when = came ? "before it closed" : `within ${formatDuration(this.#options.timeout)}`;
    throw new NetworkError(
      `The peer answered ${formatCount(this.#received)} of the ` +
        `${formatQuantity(this.#due, "byte")} that were recorded ${when}`,
    );
  }

  /** Waits until the peer has closed, in the same way. */
  async closed(moment: number): Promise<void> {
    if (await this.#until(moment, () => this.#ended) || !this.#options.verify) return;
    throw new NetworkError("The peer does not close the connection, as was recorded");
  }

  /** Waits until the peer has closed, at most a second: what it says besides was not recorded. */
  async rest(): Promise<void> {
    const { timeout } = this.#options;
    await this.#notifier.waitFor(() => this.#ended, Math.min(timeout, MAX_REST_MS));
  }

  async #until(moment: number, isSo: () => boolean): Promise<boolean> {
    const { clock, timeout, isBusy } = this.#options;
    let came = await this.#notifier.waitFor(isSo, Math.max(0, moment - clock.now()) + timeout);
    while (!came && isBusy?.()) came = await this.#notifier.waitFor(isSo, timeout);
    return came;
  }

  #compare(chunk: Uint8Array): void {
    const recorded = this.#recorded.subarray(this.#received);
    const at = firstDifference(chunk, recorded);
    if (at === chunk.length) return;
    const was = at < recorded.length
      ? preview(recorded.subarray(at), MAX_SHOWN_BYTES)
      : "nothing more";
    throw new NetworkError(
      `The answer differs from the recording at offset ${formatCount(this.#received + at)}: ` +
        `${preview(chunk.subarray(at), MAX_SHOWN_BYTES)} came, ${was} was recorded`,
    );
  }
}
