/** Pinging over one connection: a message is answered while the connection stays. */
import { NetworkError } from "../core/errors.ts";
import { formatQuantity } from "../core/units.ts";
import type { Duplex } from "../net/duplex.ts";
import { Pinger } from "../ping/pinger.ts";
import { Rehearsal } from "../ping/rehearsal.ts";
import { PromptClock } from "../probe/prompt_clock.ts";
import { failureOf, type ModeContext } from "./mode.ts";
import { type Pinging, timedOut } from "./pinging.ts";

const REHEARSALS = 3; // round trips to the program itself, before each message

/**
 * Sends message after message over one connection.
 *
 * @throws {NetworkError} where it cannot be made, or ends
 */
export async function pingOverOne(context: ModeContext, pinging: Pinging): Promise<void> {
  const { values, exchange, screen, histograms, stop } = pinging;
  const size = exchange.requestBytes;
  const dialing = context.dial();
  const peer = await Promise.race([dialing, stop]);
  screen.start(size, peer?.strays);
  if (!peer) return void dialing.catch(() => {});
  using clock = new PromptClock();
  const { tally } = screen;
  const rehearsal = values.interval > 0
    ? await Rehearsal.open({ clock, size, histograms })
    : undefined;
  screen.rehearsal = rehearsal;
  const onLost = (number: number) => {
    const came = tally.counts.received === 0 ? peer.traffic.received : 0;
    const what = came > 0
      ? `; ${formatQuantity(came, "byte")} came, but no whole ${exchange.partName}`
      : "";
    screen.lost(number, timedOut(values.timeout) + what);
  };
  const retransmits = retransmitCounter(peer);
  const prober = new Pinger(peer, {
    ...values,
    clock,
    exchange,
    tally,
    onReply: (reply) => {
      screen.answer({ ...reply, remote: peer.remote, retransmits: retransmits() });
    },
    onLost,
    ...(rehearsal && { before: () => rehearsal.run(REHEARSALS) }),
  });
  stop.then(() => {
    tally.stop();
    prober.stop();
  });
  const ending = await prober.run().catch((error) => {
    throw failureOf(peer, error);
  }).finally(() => rehearsal?.close());
  if (ending === "closed") throw new NetworkError("The peer closed the connection");
}

// Returns how many segments were sent again since it was called the last time.
function retransmitCounter(peer: Duplex): () => number | undefined {
  let before = peer.tcpInfo?.retransmits ?? 0;
  return () => {
    const now = peer.tcpInfo?.retransmits;
    if (now === undefined) return undefined;
    const count = now - before;
    before = now;
    return count;
  };
}
