/** Replay: sends the client's side of a recorded connection, at its pace. */
import { concat } from "@std/bytes/concat";
import { NetworkError, UsageError } from "../../core/errors.ts";
import { writeText } from "../../core/io.ts";
import { isReset } from "../../core/explain.ts";
import { measureOptions } from "../../probe/options.ts";
import type { Duplex } from "../../net/duplex.ts";
import { readFile } from "../../cli/files.ts";
import { flag, text, type Values } from "../../cli/options.ts";
import { trafficMeter } from "../progress.ts";
import { play } from "../player.ts";
import { ReplayAnswers } from "../replay_answers.ts";
import type { Recording, Recordings, Step } from "../../capture/recording.ts";
import { formatDuration, formatQuantity } from "../../core/units.ts";
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
    const capture = await readCapture(context, values);
    if (values.streams) return await list(capture, context);
    const { recording, number } = choose(capture, values);
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
      await context.progress.during(replaying, describe, { payload: context.output });
    } catch (error) {
      throw failureOf(peer, error);
    } finally {
      playing.catch(() => {}); // the connection is closed, which ends what is pending
      await closeConversation(peer, { over: receiving, shown, log, clock });
    }
    const which = `stream ${number}, client ${recording.client}` +
      (recording.midway ? ", which begins midway" : "");
    const outcome = `${which}: ${verdict(peer, { said, verify })}`;
    if (capture.troubles.length > 0) throw partOf(capture, `Replayed ${outcome}; `);
    await context.say(`replayed ${outcome}`);
    return 0;
  },
});

interface Capture extends Recordings {
  readonly path: string;
  /** Of the streams that can be played to the peer. */
  readonly protocol: string;
}

async function readCapture(
  { connectionless }: ModeContext,
  { replay }: Values<typeof options>,
): Promise<Capture> {
  const { readRecordings } = await import("../../capture/recording.ts");
  const { path, bytes } = replay!;
  const cut: string[] = [];
  const unpacked = await unpack(bytes, (what) => cut.push(what));
  const { recordings, troubles } = readRecordings({ path, bytes: unpacked });
  const protocol = connectionless ? "udp" : "tcp";
  return { path, protocol, recordings, troubles: [...cut, ...troubles] };
}

// By the numbers of RFC 1952.
async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  onTrouble: (what: string) => void,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const chunks: Uint8Array[] = [];
  try {
    const packed = new Blob([bytes]).stream();
    for await (const chunk of packed.pipeThrough(new DecompressionStream("gzip"))) {
      chunks.push(chunk);
    }
  } catch {
    onTrouble("the file is not whole as gzip");
  }
  return concat(chunks);
}

function partOf({ path, troubles }: Capture, before: string): NetworkError {
  return new NetworkError(`${before}there may be more in ${path}: ${troubles.join("; ")}`);
}

async function list(capture: Capture, { output }: ModeContext): Promise<number> {
  const numbers = { tcp: 0, udp: 0 };
  const lines = capture.recordings.map(({ protocol, client, server, steps, gaps, midway }) => {
    const bytes = (by: Step["by"]) =>
      formatQuantity(
        steps.reduce((sum, { by: who, what }) =>
          who === by && typeof what !== "string" ? sum + what.length : sum, 0),
        "byte",
      );
    const notes = [midway && "begins midway", gaps && "incomplete"].filter(Boolean);
    return `${protocol} ${numbers[protocol]++}  ${client} to ${server}: ${bytes("client")} sent, ` +
      `${bytes("server")} received${notes.map((note) => `, ${note}`).join("")}\n`;
  });
  await writeText(output, lines.join(""));
  if (capture.troubles.length > 0) throw partOf(capture, "");
  if (lines.length === 0) throw new NetworkError(`${capture.path} has no TCP or UDP stream`);
  return 0;
}

function choose(
  { path, protocol, recordings: all }: Capture,
  { stream }: Values<typeof options>,
): { recording: Recording; number: number } {
  const recordings = all.filter((one) => one.protocol === protocol);
  const number = stream ?? recordings.findIndex(speaks);
  const recording = recordings[number];
  if (!recording) {
    const wanted = stream === undefined ? "whose client says something" : `of number ${stream}`;
    const there = formatQuantity(recordings.length, `${protocol.toUpperCase()} stream`);
    throw new UsageError(`Option --replay: ${path} has no stream ${wanted}; it has ${there}`);
  }
  if (!recording.gaps) return { recording, number };
  const { client, server } = recording;
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
