/** Happy Eyeballs (RFC 8305 section 5): the first of several addresses that connects. */
import type { InetAddress } from "../address.ts";
import { isLoopback } from "../ip.ts";
import { type Clock, delay } from "../../core/clock.ts";

const STAGGER_MS = 250; // between attempts, as RFC 8305 recommends
// A loopback address answers at once, but Windows takes two seconds to refuse.
const LOOPBACK_STAGGER_MS = 20;

/** One address that was tried. */
export interface Attempt {
  readonly address: InetAddress;
  /** Why it failed; absent while there is no answer. */
  error?: unknown;
}

/** What {@linkcode connectAny} needs besides the addresses. */
export interface ConnectAnyOptions<C> {
  readonly connect: (address: InetAddress, signal: AbortSignal) => Promise<C>;
  /** Receives each attempt as it begins. */
  readonly attempts: Attempt[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Tries each address in turn, the next after 250 ms (20 ms after one of this machine) or as soon as
 * the last one fails, and returns the first connection; the others are given up and closed.
 *
 * @throws the last failure, or the signal's reason
 */
export async function connectAny<C extends { close(): void }>(
  addresses: readonly InetAddress[],
  { connect, attempts, signal, clock }: ConnectAnyOptions<C>,
): Promise<C> {
  const giveUp = new AbortController();
  const pending = new Set<Promise<void>>();
  let winner: C | undefined;

  const begin = async (address: InetAddress): Promise<void> => {
    const attempt: Attempt = { address };
    attempts.push(attempt);
    try {
      const connection = await connect(address, giveUp.signal);
      if (giveUp.signal.aborted || winner) connection.close();
      else winner = connection;
    } catch (error) {
      if (!giveUp.signal.aborted) attempt.error = error;
    }
  };

  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {}); // it may be aborted when nobody waits any more
  try {
    signal.throwIfAborted();
    for (const address of addresses) {
      const started: Promise<void> = begin(address).finally(() => pending.delete(started));
      pending.add(started);
      const next = new AbortController();
      const patience = isLoopback(address.hostname) ? LOOPBACK_STAGGER_MS : STAGGER_MS;
      const stagger = delay(patience, { clock, signal: next.signal });
      await Promise.race([...pending, stagger, aborted]).finally(() => next.abort());
      if (winner) return winner;
    }
    while (pending.size > 0 && !winner) await Promise.race([...pending, aborted]);
    if (winner) return winner;
    throw attempts.at(-1)?.error;
  } catch (error) {
    winner?.close(); // it came at the moment of the abort
    throw error;
  } finally {
    giveUp.abort();
  }
}
