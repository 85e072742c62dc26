/** Trying again until something works. */
import { type Clock, delay } from "./clock.ts";
import { FinalError, NetworkError, UsageError } from "./errors.ts";
import { parseDuration } from "./units.ts";

const FIRST_PAUSE_MS = 100; // milliseconds; each further pause is twice as long
const MAX_PAUSE_MS = 1000;

/** When to give up. */
export interface RetryLimit {
  /** How many times to try again. */
  readonly times: number;
  /** For how many milliseconds to begin further attempts. */
  readonly within: number;
}

/**
 * Reads how often to try again, as in `5`, or for how long, as in `30s`.
 *
 * @throws {UsageError} for anything else
 * @example
 * ```ts
 * import { parseRetryLimit } from "./retry.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseRetryLimit("5"), { times: 5, within: Infinity });
 * assertEquals(parseRetryLimit("30s"), { times: Infinity, within: 30_000 });
 * ```
 */
export function parseRetryLimit(text: string): RetryLimit {
  if (/^\d{1,9}$/.test(text)) return { times: Number(text), within: Infinity };
  if (/^\d+(\.\d+)?\D/.test(text)) return { times: Infinity, within: parseDuration(text) };
  throw new UsageError(`a number of times or a duration is needed, as in 5 or 30s, not "${text}"`);
}

/** What {@linkcode retry} needs besides the attempt. */
export interface RetryOptions extends RetryLimit {
  readonly clock: Clock;
  readonly onFailure?: (error: NetworkError) => void;
}

/**
 * Tries until it works or the limit is reached; then it rejects with the last failure.
 *
 * @throws {FinalError} at once, as a retry will not cure it
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  { times, within, clock, onFailure = () => {} }: RetryOptions,
): Promise<T> {
  const started = clock.now();
  let pause = FIRST_PAUSE_MS;
  for (let tries = 0;; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const left = started + within - clock.now();
      const hopeless = !(error instanceof NetworkError) || error instanceof FinalError;
      if (hopeless || tries >= times || left <= 0) throw error;
      onFailure(error);
      await delay(Math.min(pause, left), { clock });
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }
}
