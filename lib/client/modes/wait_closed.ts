/** Wait until a peer is gone: for scripts that stop a service, or free its port. */
import { delay } from "../../core/clock.ts";
import {
  ExpiredError,
  FinalError,
  NetworkError,
  TimeoutError,
  UsageError,
} from "../../core/errors.ts";
import { isReset } from "../../core/explain.ts";
import { interval } from "../../cli/options.ts";
import { showAddress } from "../../net/address.ts";
import { formatDuration } from "../../core/units.ts";
import { defineMode, forEachPeer } from "../mode.ts";

const PAUSE_MS = 100; // between two attempts
const EARLY_MS = 2; // that a timer may be
const ACCEPTS = "still accepts connections";
const SILENT = "has neither accepted nor refused a connection";

/** The mode that waits for a peer to be gone. */
export const waitClosed = defineMode({
  name: "wait-closed",
  summary: "wait until the peer accepts no connection, for scripts",
  chosenBy: "waitClosed",
  takesSeveral: true,
  example: "netecho client db.internal:9999 --wait-closed 30s",
  options: {
    waitClosed: interval({
      summary: "wait until the peer accepts no connection, at most D; then exit 124",
      excludes: ["retry", "show"],
    }),
  },
  async run({ peers, clock, say, progress }, { waitClosed: limit = 0 }) {
    const started = clock.now();
    if (peers.some(({ connectionless }) => connectionless)) {
      throw new UsageError("Option --wait-closed does not apply over UDP: nothing tells");
    }
    await forEachPeer({ peers, progress }, async ({ dial, target: { address } }, tell) => {
      const peer = showAddress(address);
      const left = () => Math.max(0, limit - (clock.now() - started));
      const expire = (what: string) => {
        if (left() > EARLY_MS) return;
        throw new ExpiredError(`${peer} ${what} after ${formatDuration(limit)}`);
      };
      let known = SILENT;
      for (;;) {
        const atMost = Math.max(1, left());
        const state = await stateOf(() => dial({ once: true, plain: true, atMost }));
        if (state === "closed") break;
        if (state === "open") {
          known = ACCEPTS;
          tell("it accepts connections");
        } else if (atMost >= PAUSE_MS) known = SILENT; // it had the time to answer
        expire(known);
        await delay(Math.min(PAUSE_MS, left()), { clock });
      }
      const took = formatDuration(clock.now() - started);
      await say(`${peer} accepts no connections, after ${took}`);
    });
    return 0;
  },
});

// A Unix socket whose peer has accepted none of many connections yet takes no more.
function isFull(error: unknown): boolean {
  return error instanceof NetworkError && (error.cause as { code?: unknown })?.code === "EAGAIN";
}

/** What an attempt to connect tells of a peer. */
type State = "open" | "closed" | "silent";

// A name that is not found, or an address of another family, tells nothing of a peer.
async function stateOf(dial: () => Promise<{ close(): void }>): Promise<State> {
  try {
    (await dial()).close();
    return "open";
  } catch (error) {
    if (error instanceof TimeoutError) return "silent";
    if (!(error instanceof NetworkError) || error instanceof FinalError) throw error;
    if (isFull(error) || isReset(error.cause)) return "open"; // it has accepted what it resets
    if (error.cause === undefined) throw error;
    return "closed";
  }
}
