/** Script: send this, expect that, in the order of the command line. */
import { type Clock, settlesWithin, whileProgressing } from "../../core/clock.ts";
import { NetworkError } from "../../core/errors.ts";
import type { Expectation } from "../../probe/expect_buffer.ts";
import { measureOptions } from "../../probe/options.ts";
import { withStrays } from "../../net/strays.ts";
import type { Duplex } from "../../net/duplex.ts";
import { ExpectReader } from "../../probe/expect_reader.ts";
import type { Occurrence } from "../../cli/parse.ts";
import { expectOptions, sendOptions } from "../../probe/exchange_options.ts";
import { preview } from "../../terminal/sanitize.ts";
import { formatDuration } from "../../core/units.ts";
import { conversationOptions, defineMode, failureOf } from "../mode.ts";
import {
  closeConversation,
  endInput,
  lingerFor,
  PayloadOutput,
  silenceOf,
  writeToPeer,
} from "../conversation.ts";

const EXPECT_TIMEOUT_MS = 10_000; // for each expectation
const SILENCE_MS = 1000; // of a peer that has said all that is expected
const MAX_SHOWN_BYTES = 512; // of what came instead

const options = {
  ...sendOptions,
  ...expectOptions,
  timeout: measureOptions.timeout,
  linger: conversationOptions.linger,
  noHalfClose: conversationOptions.noHalfClose,
};

type Step = { readonly send: Uint8Array } | { readonly expect: Expectation };

/** The script mode. */
export const script = defineMode({
  name: "script",
  summary: "send and expect in the order of the command line",
  impliedBy: ["send", "sendFile", "expect"],
  example: "netecho client mail.internal:25 --expect 220 --send 'QUIT\\r\\n' --expect 221",
  options,
  async run(context, values) {
    const { clock, output } = context;
    const { timeout = EXPECT_TIMEOUT_MS, linger } = values;
    const peer = await context.dial();
    const log = context.openLog();
    peer.observe(log.watch());
    const shown = new PayloadOutput(output);
    const reader = new ExpectReader(peer, { clock, show: (chunk) => shown.write(chunk) });
    const conversation = { peer, reader, shown, clock, timeout };
    const steps = stepsOf(context.commandLine.occurrences);
    try {
      for (const step of steps) {
        if ("expect" in step) await expectNext(step.expect, conversation);
        else {
          const sending = writeToPeer(peer, { ...conversation, bytes: step.send });
          await Promise.race([sending, reader.over.then(() => sending)]);
        }
      }
      await endInput(peer, values);
      const closed = await drain(conversation, { linger, answered: "expect" in steps.at(-1)! });
      const silence = silenceOf(peer, { halfClosed: !values.noHalfClose, closed });
      if (silence) await context.say(silence);
    } catch (error) {
      throw failureOf(peer, error);
    } finally {
      await closeConversation(peer, { over: reader.over, shown, log, clock });
    }
    return 0;
  },
});

interface Conversation {
  readonly peer: Duplex;
  readonly reader: ExpectReader;
  readonly shown: PayloadOutput;
  readonly clock: Clock;
  readonly timeout: number;
}

async function expectNext(
  expected: Expectation,
  { peer, reader, timeout }: Conversation,
): Promise<void> {
  const outcome = await reader.expect(expected, timeout);
  if (outcome === "matched") return;
  const came = reader.rest.length > 0 ? `"${preview(reader.rest, MAX_SHOWN_BYTES)}"` : "nothing";
  const when = outcome === "timeout"
    ? `within ${formatDuration(timeout)}`
    : "before the peer closed";
  const message = `Expected "${expected.text}" ${when}; what came: ${came}`;
  throw new NetworkError(withStrays(message, peer.strays));
}

// Reads on until the peer ends; once it has said all that is expected, or until it is silent.
async function drain(
  { peer, reader: { over }, shown, clock, timeout }: Conversation,
  { linger, answered }: { readonly linger: number | undefined; readonly answered: boolean },
): Promise<boolean> {
  const limit = lingerFor(peer, linger);
  if (limit !== undefined) {
    const closed = await settlesWithin(over, { clock, milliseconds: limit });
    if (closed) await over;
    return closed;
  }
  if (answered) {
    const progress = () => shown.busy ? NaN : peer.traffic.received;
    const reading = whileProgressing(over, { clock, milliseconds: SILENCE_MS, progress });
    const inTime = await settlesWithin(reading, { clock, milliseconds: timeout });
    return inTime && await reading; // one that never stops has answered as well
  }
  await over;
  return true;
}

function stepsOf(occurrences: readonly Occurrence[]): Step[] {
  return occurrences.flatMap(({ key, value }): Step[] => {
    if (key === "expect") return (value as Expectation[]).map((expect) => ({ expect }));
    if (key !== "send" && key !== "sendFile") return [];
    return (value as Uint8Array[]).map((send) => ({ send }));
  });
}
