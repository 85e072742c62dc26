/** Replay: sends the client's side of a recorded connection, at its pace. */
import { concat } from "@std/bytes/concat";
import { type Clock, until } from "../../core/clock.ts";
import { UsageError } from "../../core/errors.ts";
import { isReset } from "../../core/explain.ts";
import { measureOptions } from "../../probe/options.ts";
import type { Duplex } from "../../net/duplex.ts";
import { readFile } from "../../cli/files.ts";
import { text, type Values } from "../../cli/options.ts";
import { trafficMeter } from "../progress.ts";
import { ReplayAnswers } from "../replay_answers.ts";
import type { Recording, Step } from "../../capture/recording.ts";
import { formatQuantity } from "../../core/units.ts";
import { defineMode, failureOf, type ModeContext, verifyOptions } from "../mode.ts";
import { closeConversation, PayloadOutput, writeToPeer } from "../conversation.ts";

const VERIFY_TIMEOUT_MS = 10_000; // for an answer that has to come
const ANSWER_TIMEOUT_MS = 1000; // for an answer that may differ

const options = {
  replay: text({
    summary: "send the client's side of a connection in a capture, pcapng or pcap",
    placeholder: "FILE",
    read: (path) => ({ path, bytes: readFile(path) }),
  }),
  stream: text({
    summary: "the connection to replay, by Wireshark's stream number (default: the first whose " +
      "client sends something)",
    placeholder: "N",
    read: readNumber,
    needs: ["replay"],
  }),
  speed: text({
    summary: "replay N times as fast as recorded; max: as soon as the answers are there",
    placeholder: "N|max",
    read: readSpeed,
    needs: ["replay"],
  }),
  ...verifyOptions,
  timeout: measureOptions.timeout,
};

/** The replay mode. */
export const replay = defineMode({
  name: "replay",
  summary: "replay a recorded client and compare the answers",
  chosenBy: "replay",
  example: "netecho client localhost 8080 --replay session.pcapng --speed max --verify",
  options,
  async run(context, values) {
    const { verify, timeout = verify ? VERIFY_TIMEOUT_MS : ANSWER_TIMEOUT_MS } = values;
    const recording = await choose(context, values);
    const recorded = recording.steps.filter(({ by }) => by === "server").map(({ what }) => what);
    const said = concat(recorded.filter((what) => typeof what !== "string"));
    const peer = await context.dial();
    const log = context.openLog();
    peer.observe(log.watch());
    const { clock } = context;
    const shown = new PayloadOutput(context.output);
    const answers = new ReplayAnswers(said, { verify, timeout, clock, isBusy: () => shown.busy });
    const mayReset = recorded.includes("reset");
    const receiving = receive(peer, { answers, shown, mayReset });
    const say = (bytes: Uint8Array) => writeToPeer(peer, { bytes, shown, clock, timeout });
    const waiting = { for: "an answer" };
    const playing = play(recording.steps, { peer, answers, clock, say, values, waiting });
    const meter = trafficMeter(peer, clock);
    const describe = () => `${meter()}; waiting for ${waiting.for}`;
    try {
      const replaying = Promise.race([playing, receiving.then(() => playing)]);
      await context.progress.during(replaying, describe, { payload: context.output });
    } catch (error) {
      throw failureOf(peer, error);
    } finally {
      playing.catch(() => {}); // the connection is closed, which ends what is pending
      await closeConversation(peer, { over: receiving, shown, log, clock });
    }
    await context.say(verdict(peer, { said, verify }));
    return 0;
  },
});

async function choose(
  { connectionless }: ModeContext,
  { replay, stream }: Values<typeof options>,
): Promise<Recording> {
  const { readRecordings } = await import("../../capture/recording.ts");
  const { path, bytes } = replay!;
  const protocol = connectionless ? "udp" : "tcp";
  const streams = readRecordings({ path, bytes }).filter((one) => one.protocol === protocol);
  const chosen = stream === undefined ? streams.find(speaks) : streams[stream];
  if (!chosen) {
    const wanted = stream === undefined ? "whose client says something" : `of number ${stream}`;
    const there = formatQuantity(streams.length, `${protocol.toUpperCase()} stream`);
    throw new UsageError(`Option --replay: ${path} has no stream ${wanted}; it has ${there}`);
  }
  if (!chosen.gaps) return chosen;
  const { client, server } = chosen;
  throw new UsageError(
    `Option --replay: ${path} lacks some of what ${client} and ${server} said; capture whole packets`,
  );
}

function speaks({ steps, gaps }: Recording): boolean {
  return gaps || steps.some(({ by, what }) => by === "client" && typeof what !== "string");
}

async function receive(
  peer: Duplex,
  { answers, shown, mayReset }: {
    readonly answers: ReplayAnswers;
    readonly shown: PayloadOutput;
    /** Whether a reset was recorded, and so is expected after the answers. */
    readonly mayReset: boolean;
  },
): Promise<void> {
  try {
    for (let chunk = await peer.read(); chunk; chunk = await peer.read()) {
      answers.push(chunk);
      await shown.write(chunk);
    }
  } catch (error) {
    if (!mayReset || !isReset(error)) throw error;
  }
  answers.end();
}

// Sends each message at its recorded moment; a late answer delays all that follow.
async function play(
  steps: readonly Step[],
  { peer, answers, clock, say, values: { speed = 1 }, waiting }: {
    readonly peer: Duplex;
    readonly answers: ReplayAnswers;
    readonly clock: Clock;
    readonly say: (bytes: Uint8Array) => Promise<void>;
    readonly values: Values<typeof options>;
    /** Told what is waited for. */
    readonly waiting: { for: string };
  },
): Promise<void> {
  let began = clock.now();
  let answered = 0; // milliseconds after that
  for (const { by, at, what } of steps) {
    const moment = at / speed;
    if (by === "server") {
      if (typeof what !== "string") answers.owe(what.length);
      answered = moment;
      continue;
    }
    waiting.for = "an answer";
    await answers.complete(began + answered);
    began = Math.max(began, clock.now() - answered);
    waiting.for = "the next recorded moment";
    await until(clock, began + moment);
    waiting.for = "the peer to take more";
    if (what === "reset") return peer.reset();
    await (what === "fin" ? peer.closeWrite() : say(what));
  }
  waiting.for = "an answer";
  await answers.complete(began + answered);
  waiting.for = "the peer to close";
  const closes = steps.some(({ by, what }) => by === "server" && typeof what === "string");
  if (closes) await answers.closed(began + answered);
}

function verdict(
  { traffic: { sent, received } }: Duplex,
  { said, verify }: { readonly said: Uint8Array; readonly verify: boolean },
): string {
  const passed = `${formatQuantity(sent, "byte")} sent, ${
    formatQuantity(received, "byte")
  } received`;
  return verify
    ? `replayed: ${passed}, as recorded`
    : `replayed: ${passed}; ${formatQuantity(said.length, "byte")} were recorded`;
}

function readNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`the number of a stream, from 0 on, is needed, not "${text}"`);
}

function readSpeed(text: string): number {
  const speed = text === "max" ? Infinity : /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed > 0) return speed;
  throw new UsageError(`a number above 0, or max, is needed, not "${text}"`);
}
