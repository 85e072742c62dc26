/** The accept loop: it outlives every failed accept. */
import { type Clock, sleep } from "./clock.ts";
import { explain, isReset } from "./errors.ts";
import type { Log } from "./events/log.ts";
import type { Duplex } from "./net/duplex.ts";
import type { Listener } from "./net/transport.ts";

// Milliseconds. Out of descriptors, an accept fails at once and would fail at once again: 90,000
// times a second on one core.
const PAUSE = 100;
const CALM = 1000; // without a failure for this long, it is over

/** What {@linkcode acceptPeers} needs besides the listener. */
export interface Accepting {
  readonly onPeer: (peer: Duplex) => void;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the loop; whoever aborts it closes the listener. */
  readonly signal: AbortSignal;
}

/**
 * Hands each peer to `onPeer` until the signal aborts. A spell of failures is reported at its
 * beginning and at its end, not one by one.
 */
export async function acceptPeers(
  listener: Listener,
  { onPeer, log, clock, signal }: Accepting,
): Promise<void> {
  const { address } = listener;
  let failures = 0;
  let endSpell = () => {};
  const report = () => {
    log.emit({ event: "acceptRecovered", address, failures });
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      onPeer(await listener.accept());
    } catch (error) {
      if (signal.aborted) break;
      if (failures++ === 0) log.emit({ event: "acceptFailed", address, error: explain(error) });
      endSpell();
      endSpell = clock.after(CALM, report);
      // A peer that reset before it was accepted is out of the queue; the next may be fine.
      if (!isReset(error)) await sleep(clock, PAUSE, { signal });
    }
  }
  endSpell();
}
