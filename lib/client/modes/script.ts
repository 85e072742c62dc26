/** Script: send this, expect that, in the order of the command line. */
import { type Clock, settlesWithin } from "../../core/clock.ts";
import { NetworkError } from "../../core/errors.ts";
import { unescape } from "../../core/escapes.ts";
import type { Expectation } from "../../probe/expect_buffer.ts";
import { measureOptions } from "../../probe/options.ts";
import type { Duplex } from "../../net/duplex.ts";
import { ExpectReader } from "../../probe/expect_reader.ts";
import type { Occurrence } from "../../cli/parse.ts";
import { list, readFile } from "../../cli/options.ts";
import { preview } from "../../terminal/sanitize.ts";
import { formatDuration } from "../../core/units.ts";
import { conversationOptions, defineMode, expectOptions, failureOf } from "../mode.ts";
import { closeConversation, lingerFor, PayloadOutput, writeToPeer } from "../conversation.ts";

const EXPECT_TIMEOUT_MS = 10_000; // for each expectation
const MAX_SHOWN_BYTES = 512; // of what came instead

const options = {
  send: list({
    summary: "say this (repeatable, in order with --expect)",
    placeholder: "TEXT",
    read: (text) => [unescape(text)],
  }),
  sendFile: list({
    summary: "say what a file holds (the same)",
    placeholder: "FILE",
    read: (path) => [readFile(path)],
  }),
  ...expectOptions,
  timeout: measureOptions.timeout,
  linger: conversationOptions.linger,
};

type Step = { readonly say: Uint8Array } | { readonly expect: Expectation };

/** The script mode. */
export const script = defineMode({
  name: "script",
  summary: "send and expect what the command line has, in its order",
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
    const hearing = new ExpectReader(peer, { clock, show: (chunk) => shown.write(chunk) });
    const conversation = { peer, hearing, shown, clock, timeout };
    const steps = stepsOf(context.commandLine.occurrences);
    try {
      for (const step of steps) {
        if ("expect" in step) await listen(step.expect, conversation);
        else {
          const saying = writeToPeer(peer, { ...conversation, bytes: step.say });
          await Promise.race([saying, hearing.over.then(() => saying)]);
        }
      }
      if ("say" in steps.at(-1)!) await drain(conversation, linger);
    } catch (error) {
      throw failureOf(peer, error);
    } finally {
      await closeConversation(peer, { over: hearing.over, shown, log, clock });
    }
    return 0;
  },
});

interface Conversation {
  readonly peer: Duplex;
  readonly hearing: ExpectReader;
  readonly shown: PayloadOutput;
  readonly clock: Clock;
  readonly timeout: number;
}

async function listen(expected: Expectation, { hearing, timeout }: Conversation): Promise<void> {
  const outcome = await hearing.hear(expected, timeout);
  if (outcome === "heard") return;
  const came = hearing.rest.length > 0 ? preview(hearing.rest, MAX_SHOWN_BYTES) : "nothing";
  const when = outcome === "late" ? `within ${formatDuration(timeout)}` : "before the peer closed";
  throw new NetworkError(`Expected "${expected.text}" ${when}; what came: ${came}`);
}

// After the last message, reads on until the peer ends.
async function drain(
  { peer, hearing, clock }: Conversation,
  linger: number | undefined,
): Promise<void> {
  await peer.closeWrite();
  const limit = lingerFor(peer, linger);
  if (limit === undefined) return await hearing.over;
  if (await settlesWithin(hearing.over, { clock, milliseconds: limit })) await hearing.over;
}

function stepsOf(occurrences: readonly Occurrence[]): Step[] {
  return occurrences.flatMap(({ key, value }): Step[] => {
    if (key === "expect") return (value as Expectation[]).map((expect) => ({ expect }));
    if (key !== "send" && key !== "sendFile") return [];
    return (value as Uint8Array[]).map((say) => ({ say }));
  });
}
