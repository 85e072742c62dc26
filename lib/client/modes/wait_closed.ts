/** Wait until a peer is gone: for scripts that stop a service, or free its port. */
import { delay } from "../../core/clock.ts";
import { ExpiredError, FinalError, NetworkError, UsageError } from "../../core/errors.ts";
import { interval } from "../../cli/options.ts";
import { formatAddress } from "../../net/address.ts";
import { formatDuration } from "../../core/units.ts";
import { defineMode, forEachPeer } from "../mode.ts";

const PAUSE_MS = 100; // between two attempts

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
  async run({ peers, clock, say }, { waitClosed: limit = 0 }) {
    const started = clock.now();
    await forEachPeer(peers, async ({ dial, connectionless, target: { address } }) => {
      const peer = formatAddress(address);
      if (connectionless) {
        throw new UsageError("Option --wait-closed does not apply over UDP: nothing tells");
      }
      const left = () => limit - (clock.now() - started);
      while (await accepts(() => dial({ once: true, atMost: Math.max(1, left()) }))) {
        if (left() <= PAUSE_MS) {
          throw new ExpiredError(
            `${peer} still accepts connections after ${formatDuration(limit)}`,
          );
        }
        await delay(PAUSE_MS, { clock });
      }
      const took = formatDuration(clock.now() - started);
      await say(`${peer} accepts no connections, after ${took}`);
    });
    return 0;
  },
});

// A certificate that is not trusted is one of a peer that is there.
async function accepts(dial: () => Promise<{ close(): void }>): Promise<boolean> {
  try {
    (await dial()).close();
    return true;
  } catch (error) {
    if (error instanceof NetworkError) return error instanceof FinalError;
    throw error;
  }
}
