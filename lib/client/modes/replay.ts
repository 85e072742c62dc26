/** Replay: sends the client's side of a recorded connection, at its pace. */
import { NetworkError, UsageError } from "../../core/errors.ts";
import { isReset } from "../../core/explain.ts";
import { measureOptions } from "../../probe/options.ts";
import type { Duplex } from "../../net/duplex.ts";
import { readFile } from "../../cli/files.ts";
import { flag, text } from "../../cli/options.ts";
import { trafficMeter } from "../progress.ts";
import { play } from "../player.ts";
import { ReplayAnswers } from "../replay_answers.ts";
import { formatDuration, formatQuantity } from "../../core/units.ts";
import { defineMode, failureOf, verifyOptions } from "../mode.ts";
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
  streams: flag({
    summary: "list the connections of the capture, and their bytes, instead",
    needs: ["replay"],
    excludes: ["verify"],
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
    const { verify, speed = 1, timeout = verify ? VERIFY_TIMEOUT_MS : ANSWER_TIMEOUT_MS } = values;
    const { choose, list, readReplay, thereMayBeMore } = await import("../replay_capture.ts");
    const reading = () => `reading ${values.replay!.path}`;
    const capture = await context.progress.during(readReplay(values.replay!), reading);
    if (values.streams) return await list(capture, context.output);
    const protocol = context.connectionless ? "udp" : "tcp";
    const { recording, number, said } = choose(capture, { protocol, stream: values.stream });
    const peer = await context.dial();
    const log = context.openLog();
    peer.observe(log.watch());
    const { clock } = context;
    const shown = new PayloadOutput(context.output);
    const answers = new ReplayAnswers(said, { verify, timeout, clock, isBusy: () => shown.busy });
    const mayReset = recording.steps.some(({ by, what }) => by === "server" && what === "reset");
    const receiving = receive(peer, { answers, shown, mayReset });
    let waitingFor = "an answer";
    const playing = play(recording.steps, {
      say: (bytes) => writeToPeer(peer, { bytes, shown, clock, timeout }),
      closeWrite: () => peer.closeWrite(),
      reset: () => peer.reset(),
      onWait: (what) => waitingFor = what,
      onPause: (pause) =>
        void context.say(
          `the recording pauses for ${formatDuration(pause)} here; --speed max does not wait`,
        ),
      ...{ answers, clock, speed },
    });
    const meter = trafficMeter(peer, clock);
    const describe = () => `${meter()}; waiting for ${waitingFor}`;
    try {
      const replaying = Promise.race([playing, receiving.then(() => playing)]);
      await context.progress.during(replaying, describe, {
        covered: () => context.output.isTerminal(),
      });
    } catch (error) {
      throw failureOf(peer, error);
    } finally {
      playing.catch(() => {}); // the connection is closed, which ends what is pending
      await closeConversation(peer, { over: receiving, shown, log, clock });
    }
    const which = `stream ${number}, client ${recording.client}` +
      (recording.midway ? ", which begins midway" : "");
    const outcome = `${which}: ${verdict(peer, { said, verify })}`;
    if (capture.troubles.length > 0) {
      throw new NetworkError(`Replayed ${outcome}; ${thereMayBeMore(capture)}`);
    }
    await context.say(`replayed ${outcome}`);
    return 0;
  },
});

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

function verdict(
  { traffic: { sent, received } }: Duplex,
  { said, verify }: { readonly said: Uint8Array; readonly verify: boolean },
): string {
  const passed = `${formatQuantity(sent, "byte")} sent, ${
    formatQuantity(received, "byte")
  } received`;
  return verify
    ? `${passed}, as recorded`
    : `${passed}; ${formatQuantity(said.length, "byte")} were recorded`;
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
