/** Pinging by connecting: each message has a connection of its own. */
import { delay } from "../core/clock.ts";
import { FinalError } from "../core/errors.ts";
import { reasonOf } from "../core/explain.ts";
import { rehearseConnecting } from "../ping/rehearsal.ts";
import { connectAndExchange } from "../probe/round_trip.ts";
import type { ModeContext } from "./mode.ts";
import { type Pinging, timedOut } from "./pinging.ts";

/**
 * Makes one connection after another, and sends a message over each.
 *
 * @throws {FinalError} where no further one can be made
 */
export async function pingByConnecting(context: ModeContext, pinging: Pinging): Promise<void> {
  const { values: { count = Infinity, interval }, exchange, screen, stop } = pinging;
  const { clock } = context;
  const stopping = new AbortController();
  const { signal } = stopping;
  await Promise.race([rehearseConnecting({ clock, size: exchange.requestBytes }), stop]);
  screen.start(exchange.requestBytes);
  const started = clock.now();
  const connecting = async () => {
    for (let number = 1; number <= count && !signal.aborted; number++) {
      const left = Math.max(0, started + (number - 1) * interval - clock.now());
      await delay(left, { clock, signal });
      if (!signal.aborted) await connectOnce(context, { ...pinging, number });
    }
  };
  await Promise.race([connecting(), stop]);
  screen.tally.stop();
  stopping.abort();
}

async function connectOnce(
  { dial, clock }: ModeContext,
  { values: { timeout }, exchange, screen, number }: Pinging & { readonly number: number },
): Promise<void> {
  screen.tally.counts.sent++;
  try {
    const { took, parts, answer, size, remote } = await connectAndExchange(
      (request) => dial({ ...request, once: true }),
      { clock, exchange, number, timeout },
    );
    if (answer === "closed") screen.lost(number, "closed without an answer");
    else if (answer === "short") screen.lost(number, "closed in the middle of an answer");
    else if (answer === "none") screen.lost(number, timedOut(timeout));
    else screen.connected(number, { remote, size, took, parts, intact: answer === "intact" });
  } catch (error) {
    if (error instanceof FinalError) throw error;
    screen.lost(number, reasonOf(error));
  }
}
