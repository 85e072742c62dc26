import { echoExchange } from "../../../lib/probe/echo_exchange.ts";
import { assert, assertEquals } from "@std/assert";
import { loadHistograms } from "../../../lib/core/histogram.ts";
import { Pinger, type Reply } from "../../../lib/ping/pinger.ts";
import { PingStatistics } from "../../../lib/ping/statistics.ts";
import { FakeClock, FakePeer } from "../../support/fakes.ts";

const histograms = await loadHistograms();

/** A peer whose answers the test gives, and the messages that it was sent. */
class Puppet {
  readonly sent: string[] = [];
  readonly peer: FakePeer;

  constructor({ framed }: { framed: boolean }) {
    const onWrite = (chunk: Uint8Array) => void this.sent.push(new TextDecoder().decode(chunk));
    this.peer = new FakePeer({ framed, onWrite });
  }

  answer(text: string): void {
    this.peer.say(new TextEncoder().encode(text));
  }

  end(): void {
    this.peer.say(null);
  }
}

function probe({ framed, count, interval = 10 }: {
  framed: boolean;
  count: number;
  interval?: number;
}) {
  const clock = new FakeClock();
  const puppet = new Puppet({ framed });
  const tally = new PingStatistics(histograms.create());
  const replies: Reply[] = [];
  const lost: number[] = [];
  const prober = new Pinger(puppet.peer, {
    clock,
    exchange: echoExchange(10),
    interval,
    timeout: 100,
    count,
    tally,
    onReply: (reply) => replies.push(reply),
    onLost: (number) => lost.push(number),
  });
  return { clock, puppet, tally, replies, lost, prober, running: prober.run() };
}

// Lets promises that are ready have their turn.
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("prober: lost, late, duplicated, reordered and corrupt answers are told apart", async () => {
  const { clock, puppet, tally, replies, lost, running } = probe({ framed: true, count: 6 });
  for (let message = 0; message < 6; message++) {
    await turn();
    clock.advance(10);
  }
  await turn();
  assertEquals(puppet.sent[1], "00000002a\n");
  puppet.answer("00000001a\n");
  puppet.answer("00000001a\n");
  puppet.answer("00000004a\n");
  puppet.answer("00000003a\n");
  puppet.answer("00000005b\n");
  puppet.answer("no number!");
  await turn();
  clock.advance(85); // the second message was sent 135 ms ago, the last one 95
  await turn();
  assertEquals(lost, [2]);
  puppet.answer("00000002a\n");
  await turn();
  puppet.answer("00000006a\n");
  assertEquals(await running, "done");
  assertEquals(
    replies.map(({ number, standing, reordered, intact }) =>
      [number, standing, reordered && "reordered", intact || "corrupt"].filter((word) =>
        typeof word !== "boolean"
      ).join(" ")
    ),
    [
      "1 answer",
      "1 duplicate",
      "4 answer",
      "3 answer reordered",
      "5 answer corrupt",
      "0 unknown corrupt",
      "2 late reordered",
      "6 answer",
    ],
  );
  assertEquals(tally.counts, {
    sent: 6,
    received: 6,
    late: 1,
    corrupt: 1,
    duplicated: 1,
    reordered: 2,
    unknown: 1,
  });
  assertEquals(tally.lost, 0);
  assertEquals(tally.roundTrips.count, 5); // the corrupt one took no time that means anything
});

Deno.test("prober: a stream's answers are cut by their length, wherever its chunks end", async () => {
  const { puppet, replies, running } = probe({ framed: false, count: 2, interval: 0 });
  await turn();
  puppet.answer("0000");
  await turn();
  assertEquals(puppet.sent.length, 1); // with no interval the second waits for the first's answer
  puppet.answer("0001a\n");
  await turn();
  puppet.answer("00000002x");
  puppet.answer("\n");
  assertEquals(await running, "done");
  assertEquals(replies.map(({ number, intact }) => [number, intact]), [[1, true], [2, false]]);
});

Deno.test("prober: the peer's end, and a wish to stop, end it at once", async () => {
  const closing = probe({ framed: false, count: 5 });
  await turn();
  closing.puppet.end();
  assertEquals(await closing.running, "closed");
  const stopping = probe({ framed: false, count: 5 });
  await turn();
  stopping.prober.stop();
  assertEquals(await stopping.running, "stopped");
  assertEquals(stopping.tally.lost, 1);
  stopping.clock.advance(0.1);
  assertEquals(stopping.clock.waiting, 0); // no timer is left that would keep the process alive
});

Deno.test("tally: what was under way when it was stopped is not lost", () => {
  const tally = new PingStatistics(histograms.create());
  tally.counts.sent = 5;
  tally.giveUp();
  tally.stop();
  assertEquals([tally.lost, tally.awaited], [1, 4]);
  tally.counts.received = 2;
  tally.stop();
  assertEquals([tally.lost, tally.awaited], [1, 2]);
});

Deno.test("tally: the jitter of RFC 3550 for round trips that alternate", () => {
  const tally = new PingStatistics(histograms.create());
  for (let index = 0; index < 500; index++) tally.record(index % 2 === 0 ? 1 : 3);
  assert(Math.abs(tally.jitter - 2) < 1e-6);
});
