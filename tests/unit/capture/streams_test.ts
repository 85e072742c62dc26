/** The streams of a capture, numbered and told as tshark does. */
import { assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ACK, FIN, PSH, RST, SYN, tcpFrame } from "../../../lib/capture/packet.ts";
import { LINK_ETHERNET } from "../../../lib/capture/pcap_format.ts";
import { readRecordings, saidBy } from "../../../lib/capture/recording.ts";
import { runProgram } from "../../support/programs.ts";
import { needing } from "../../support/skips.ts";
import { pcap } from "../../support/pcap.ts";
import { follow } from "../../support/tshark.ts";

const SERVER = { transport: "tcp", hostname: "192.0.2.2", port: 80 } as const;

/** The segments of a connection in which the client says a word, and the server says it back. */
function connection(
  { port, first = 1000, word = "hello" }: { port: number; first?: number; word?: string },
) {
  const client = { transport: "tcp", hostname: "192.0.2.1", port } as const;
  const payload = new TextEncoder().encode(word);
  const [up, down] = [{ from: client, to: SERVER }, { from: SERVER, to: client }];
  const [mine, yours] = [first + 1, 5001];
  const [heard, told] = [mine + payload.length, yours + payload.length];
  const ends = { sequence: heard, acknowledged: told };
  return {
    syn: tcpFrame(up, { flags: SYN, sequence: first, acknowledged: 0 }),
    synAck: tcpFrame(down, { flags: SYN | ACK, sequence: yours - 1, acknowledged: mine }),
    ack: tcpFrame(up, { flags: ACK, sequence: mine, acknowledged: yours }),
    ask: tcpFrame(up, { flags: PSH | ACK, sequence: mine, acknowledged: yours, payload }),
    answer: tcpFrame(down, { flags: PSH | ACK, sequence: yours, acknowledged: heard, payload }),
    greeting: tcpFrame(down, {
      ...{ flags: PSH | ACK, sequence: yours, acknowledged: mine, payload },
    }),
    fin: tcpFrame(up, { flags: FIN | ACK, ...ends }),
    last: tcpFrame(up, { flags: ACK, sequence: heard + 1, acknowledged: told }),
    oldAnswer: tcpFrame(down, { flags: ACK, sequence: 77, acknowledged: 900_001 }),
    ownReset: tcpFrame(up, { flags: RST, sequence: 900_001, acknowledged: 0 }),
    wildReset: tcpFrame(up, { flags: RST | ACK, sequence: heard, acknowledged: 900_001 }),
    farReset: tcpFrame(up, { flags: RST | ACK, sequence: heard + 100, acknowledged: told }),
    later: tcpFrame(down, { flags: PSH | ACK, sequence: yours + 20, acknowledged: mine, payload }),
    /** A reset by the server of what was before, which acknowledges it or does not. */
    oldReset: tcpFrame(down, { flags: RST | ACK, sequence: 77, acknowledged: 900_001 }),
    bareReset: tcpFrame(down, { flags: RST, sequence: yours, acknowledged: 0 }),
    strayReset: tcpFrame(down, { flags: RST, sequence: yours - 1000, acknowledged: 0 }),
    refusal: tcpFrame(down, { flags: RST | ACK, sequence: 0, acknowledged: mine }),
  };
}

const one = connection({ port: 4000 });
const low = connection({ port: 70 });
const other = connection({ port: 4001, word: "second" });
const { syn, synAck, ack, ask, answer, fin } = one;
const again = connection({ port: 4000, first: 70_000, word: "again" });

const SCENARIOS: Readonly<Record<string, readonly Uint8Array[]>> = {
  "an acknowledgement before the SYN": [ack, syn, synAck, ask, answer],
  "a request before the SYN": [ask, syn, synAck, ack, answer],
  "the answer to a SYN before it": [synAck, syn, ack, ask, answer],
  "an old reset before the SYN, and a stream behind it": [
    ...[one.oldReset, syn, synAck, ack, ask, answer],
    ...[other.syn, other.synAck, other.ack, other.ask, other.answer],
  ],
  "an old reset that acknowledges nothing": [one.bareReset, syn, synAck, ack, ask, answer],
  "an old reset by the server of a lower port": [
    ...[low.oldReset, low.syn, low.synAck, low.ack, low.ask, low.answer],
  ],
  "a reset before all that was captured": [one.bareReset, ask, answer],
  "a reset from before the beginning, where nothing was acknowledged": [
    ...[syn, synAck, one.strayReset, one.greeting],
  ],
  "a SYN that is tried again after its refusal": [syn, one.refusal, syn, synAck, ack, ask, answer],
  "an old answer to a SYN, which resets that": [
    ...[syn, one.oldAnswer, one.ownReset, syn, synAck, ack, ask, answer],
  ],
  "an acknowledgement behind a FIN before it": [
    ...[syn, synAck, ack, ask, answer, one.last, fin],
  ],
  "a reset that acknowledges what never was": [
    ...[syn, synAck, ack, ask, answer, one.wildReset],
  ],
  "another connection of the same ports": [
    ...[syn, synAck, ack, ask, answer, fin],
    ...[again.syn, again.synAck, again.ack, again.ask, again.answer],
  ],
};

for (const [name, frames] of Object.entries(SCENARIOS)) {
  Deno.test({
    ...needing(["tshark"], `streams: ${name}, as tshark numbers and follows them`),
    async fn() {
      const file = pcap(frames, { link: LINK_ETHERNET });
      const path = await Deno.makeTempFile({ suffix: ".pcap" });
      await Deno.writeFile(path, file);
      const { recordings, troubles } = await readRecordings({ path, bytes: file });
      for (const [stream, recording] of recordings.entries()) {
        const { client, server, steps } = recording;
        const said = await follow(path, { protocol: "tcp", stream });
        if (!said) throw new Error(`tshark has no stream ${stream}`);
        for (const [end, by] of [[client, "client"], [server, "server"]] as const) {
          assertEquals(concat(saidBy(by, recording)), said.get(end) ?? new Uint8Array());
        }
        if (steps.some(({ what }) => what !== "reset")) assertMatch(server, /:80$/);
        assertEquals([recording.gaps, recording.midway], [false, name.includes("all that was")]);
      }
      assertEquals(await follow(path, { protocol: "tcp", stream: recordings.length }), undefined);
      assertEquals(troubles, []);
      await Deno.remove(path);
    },
  });
}

const LACKING: Readonly<Record<string, readonly Uint8Array[]>> = {
  "of the client": [syn, synAck, ack, answer],
  "of the server": [syn, synAck, ack, ask, fin],
};

for (const [name, frames] of Object.entries(LACKING)) {
  Deno.test({
    ...needing(["tshark"], `streams: bytes ${name} that are acknowledged, and are not there`),
    async fn() {
      const file = pcap(frames, { link: LINK_ETHERNET });
      const path = await Deno.makeTempFile({ suffix: ".pcap" });
      await Deno.writeFile(path, file);
      const lost = ["-r", path, "-Y", "tcp.analysis.ack_lost_segment", "-T", "fields", "-e"];
      const { text } = await runProgram(["tshark", [...lost, "frame.number"]]);
      assertMatch(text, /^\d+$/m);
      const { recordings } = await readRecordings({ path, bytes: file });
      assertEquals(recordings.map(({ gaps }) => gaps), [true]);
      await Deno.remove(path);
    },
  });
}

const INCOMPLETE: Readonly<Record<string, readonly Uint8Array[]>> = {
  "of a side that was not captured, and is acknowledged": [syn, ack, ask, fin],
  "before a reset, as its number tells": [syn, synAck, ack, ask, answer, one.farReset],
  "before a SYN that was captured late": [syn, one.later, synAck, one.greeting, ack],
  "before the first of a side whose SYN is not there": [syn, ack, one.later],
};

for (const [name, frames] of Object.entries(INCOMPLETE)) {
  Deno.test(`streams: bytes that are missing ${name}`, async () => {
    const bytes = pcap(frames, { link: LINK_ETHERNET });
    const { recordings } = await readRecordings({ path: "test", bytes });
    assertEquals(recordings.map(({ gaps }) => gaps), [true]);
  });
}
