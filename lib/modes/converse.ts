/** Converse: say this, expect that, in the order of the command line. */
import { wait } from "../clock.ts";
import { NetworkError } from "../errors.ts";
import { unescape } from "../escapes.ts";
import { type Expectation, Heard } from "../expectation.ts";
import { measuring } from "../load/options.ts";
import { type Channel, channelOf, readBefore } from "../net/channel.ts";
import type { Duplex } from "../net/duplex.ts";
import { list, optionName, readFile, type Values } from "../options.ts";
import { preview } from "../printable.ts";
import { formatDuration } from "../units.ts";
import { defineMode, expecting, failureOf, type ModeContext, showOn, talking } from "./mode.ts";

const TIMEOUT = 10_000; // milliseconds for each thing that is expected
const SHOWN = 512; // bytes of what came instead

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
  ...expecting,
  timeout: measuring.timeout,
  linger: talking.linger,
};

type Step = { readonly say: Uint8Array } | { readonly expect: Expectation };

/** The converse mode. */
export const converse = defineMode({
  name: "converse",
  summary: "say and expect what the command line has, in its order",
  chosenBy: ["send", "sendFile", "expect"],
  example: "netecho client mail.internal:25 --expect 220 --send 'QUIT\\r\\n' --expect 221",
  options,
  async run(context, values) {
    const peer = await context.dial();
    const log = context.openLog();
    peer.observe(log.watch());
    const show = showOn(context.output);
    try {
      await follow(stepsOf(context.args, values), { peer, context, values, show });
    } catch (error) {
      throw failureOf(peer, error);
    } finally {
      peer.close();
      await log.flush(TIMEOUT);
    }
    return 0;
  },
});

interface Conversation {
  readonly peer: Duplex;
  readonly context: ModeContext;
  readonly values: Values<typeof options>;
  /** Writes what comes to stdout. */
  readonly show: (chunk: Uint8Array) => Promise<void>;
}

async function follow(steps: readonly Step[], conversation: Conversation): Promise<void> {
  const { peer, values } = conversation;
  const channel = channelOf(peer);
  const heard = new Heard();
  for (const step of steps) {
    if ("say" in step) await channel.write(step.say);
    else await listen(step.expect, { ...conversation, channel, heard });
  }
  if ("expect" in steps.at(-1)!) return;
  // What was said last is answered, or not: the peer has the last word.
  await channel.close();
  const { linger = values.timeout ?? TIMEOUT } = values;
  await drain(channel, { ...conversation, linger });
}

async function listen(
  expected: Expectation,
  { channel, heard, context, values, show }: Conversation & {
    readonly channel: Channel;
    readonly heard: Heard;
  },
): Promise<void> {
  const { timeout = TIMEOUT } = values;
  const limit = wait(context.clock, timeout);
  try {
    while (!heard.take(expected)) {
      const chunk = await readBefore(limit.over, channel);
      if (chunk === "late" || chunk === undefined) {
        const came = heard.rest.length > 0 ? preview(heard.rest, SHOWN) : "nothing";
        const when = chunk ? `within ${formatDuration(timeout)}` : "before the peer closed";
        throw new NetworkError(`Expected "${expected.text}" ${when}; what came: ${came}`);
      }
      heard.push(chunk);
      await show(chunk);
    }
  } finally {
    limit.cut();
  }
}

async function drain(
  channel: Channel,
  { context, show, linger }: Conversation & { readonly linger: number },
): Promise<void> {
  const limit = wait(context.clock, linger);
  for (;;) {
    const chunk = await readBefore(limit.over, channel);
    if (chunk === undefined || chunk === "late") break;
    await show(chunk);
  }
  limit.cut();
}

// Options of a kind are lists; the order of the command line says how the lists go together.
function stepsOf(
  args: readonly string[],
  { send, sendFile, expect }: Values<typeof options>,
): Step[] {
  const rest: Record<string, Step[]> = {
    [optionName("send")]: send.map((say) => ({ say })),
    [optionName("sendFile")]: sendFile.map((say) => ({ say })),
    [optionName("expect")]: expect.map((expect) => ({ expect })),
  };
  return args.flatMap((arg) => rest[arg.replace(/=.*/s, "")]?.splice(0, 1) ?? []);
}
