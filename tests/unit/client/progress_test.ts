import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Progress, trafficMeter } from "../../../lib/client/progress.ts";
import { StatusLine } from "../../../lib/terminal/status_line.ts";
import { FakeClock, FakePeer } from "../../support/fakes.ts";

class FakeTerminal {
  text = "";
  constructor(readonly terminal: boolean) {}

  isTerminal(): boolean {
    return this.terminal;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  }
}

function start(
  { terminal, live, forced = false }: { terminal: boolean; live?: boolean; forced?: boolean },
) {
  const clock = new FakeClock();
  const output = new FakeTerminal(terminal);
  const progress = new Progress(new StatusLine(output, { live }), { clock, forced });
  return { clock, output, progress };
}

Deno.test("progress is shown from two seconds on, and gone when the work is over", async () => {
  const { clock, output, progress } = start({ terminal: true, live: true });
  const work = Promise.withResolvers<string>();
  const during = progress.during(work.promise, () => "waiting");
  clock.advance(1999);
  assertEquals(output.text, "");
  clock.advance(1);
  clock.advance(1000);
  work.resolve("done");
  assertEquals(await during, "done");
  assertMatch(output.text, /^\r\x1b\[K2 s: waiting(\r\x1b\[K\d s: waiting)+\r\x1b\[K$/);
  assertEquals(clock.waiting, 0);
});

Deno.test("progress hides no failure, and lines stand above it", async () => {
  const { clock, output, progress } = start({ terminal: true, live: true });
  const work = Promise.withResolvers<string>();
  const during = progress.during(work.promise, () => "waiting");
  clock.advance(2000);
  await progress.say("a line");
  work.reject(new Error("broken"));
  await assertRejects(() => during, Error, "broken");
  assertEquals(output.text, "\r\x1b[K2 s: waiting\r\x1b[Ka line\n");
});

Deno.test("progress is shown on a terminal that shows nothing else, or when it is asked for", async () => {
  for (
    const [options, covered, shown] of [
      [{ terminal: false }, false, false],
      [{ terminal: true, live: false }, false, false],
      [{ terminal: true, live: true }, true, false],
      [{ terminal: true, live: true, forced: true }, true, true],
      [{ terminal: false, live: true, forced: true }, false, true],
    ] as const
  ) {
    const { clock, output, progress } = start(options);
    const work = Promise.withResolvers<void>();
    const during = progress.during(work.promise, () => "waiting", { covered: () => covered });
    clock.advance(2000);
    work.resolve();
    await during;
    assertEquals(output.text.includes("waiting"), shown, JSON.stringify(options));
  }
});

Deno.test("a meter tells what has moved, and how fast since it was asked last", () => {
  const clock = new FakeClock();
  const peer = new FakePeer({ onWrite() {} });
  const meter = trafficMeter(peer, clock);
  peer.traffic.sent = 2048;
  peer.traffic.received = 1024;
  clock.advance(1000);
  assertEquals(meter(), "2 KiB sent, 1 KiB received, 3 KiB/s");
  clock.advance(500);
  assertEquals(meter(), "2 KiB sent, 1 KiB received, 0 B/s");
});
