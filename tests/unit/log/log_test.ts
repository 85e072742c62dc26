import { assertEquals } from "@std/assert";
import type { Event } from "../../../lib/log/event.ts";
import { BatchWriter } from "../../../lib/core/batch_writer.ts";
import { Log } from "../../../lib/log/log.ts";
import { FakeClock } from "../../support/fakes.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

/** An output that takes what it is given when the test lets it. */
function gatedOutput() {
  const written: string[] = [];
  let gate = Promise.withResolvers<void>();
  return {
    written,
    open(): void {
      gate.resolve();
    },
    shut(): void {
      gate = Promise.withResolvers();
    },
    fail(error: Error): void {
      gate.reject(error);
    },
    async write(bytes: Uint8Array): Promise<number> {
      await gate.promise;
      written.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  };
}

function openLog(extra: { quiet?: boolean } = {}) {
  const clock = new FakeClock();
  const to = gatedOutput();
  const output = new BatchWriter(to, { clock, gatherMs: 10 });
  const format = (event: Event) =>
    event.event === "data" ? `${"x".repeat(1023)}\n` : `${JSON.stringify(event)}\n`;
  const log = new Log({ format, output, payload: ["in"], clock, ...extra });
  return { clock, to, output, log };
}

const recovered = (failures: number): Event => ({
  event: "acceptRecovered",
  address: { transport: "tcp", hostname: "h", port: 1 },
  failures,
});

Deno.test("lines that come while one is being written go out together, 10 ms later", async () => {
  const { clock, to, output } = openLog();
  output.push("one\n");
  await settle();
  output.push("two\n");
  output.push("three\n");
  to.open();
  await settle();
  assertEquals(to.written, ["one\n"]);
  clock.advance(10);
  await settle();
  assertEquals(to.written, ["one\n", "two\nthree\n"]);
  assertEquals(output.backlog, 0);
});

Deno.test("what does not fit is counted, payload first, and told when there is room", async () => {
  const { clock, to, log } = openLog();
  const watcher = log.watch({ connection: 1 });
  for (let chunk = 0; chunk < 1500; chunk++) watcher.received!(new Uint8Array(10));
  log.emit(recovered(1)); // still told: payload gives way at half the limit
  to.open();
  await settle();
  clock.advance(10);
  await settle();
  log.emit(recovered(2));
  await settle();
  clock.advance(10);
  await settle();
  const text = to.written.join("");
  const shown = text.split("x".repeat(1023)).length - 1;
  const [, missed] = /"missed","chunks":(\d+),"others":0/.exec(text)!;
  assertEquals(shown + Number(missed), 1500);
  assertEquals([...text.matchAll(/"failures":(\d)/g)].map(([, count]) => count), ["1", "2"]);
});

Deno.test("a flush waits for what is queued, but not for ever", async () => {
  const { clock, to, log } = openLog();
  log.emit(recovered(1));
  let flushed = false;
  const flushing = log.flush(1000).then(() => flushed = true);
  await settle();
  assertEquals(flushed, false);
  clock.advance(1000);
  await flushing;
  assertEquals(to.written, []);
});

Deno.test("a flush cuts short the gathering of a batch", async () => {
  const { to, output, log } = openLog();
  output.push("one\n");
  await settle();
  output.push("two\n");
  to.open();
  await settle();
  assertEquals(to.written, ["one\n"]);
  await log.flush(1000);
  assertEquals(to.written, ["one\n", "two\n"]);
});

Deno.test("an output that fails is told of once, and then left alone", async () => {
  const to = gatedOutput();
  const errors: unknown[] = [];
  const output = new BatchWriter(to, { onError: (error) => errors.push(error) });
  output.push("one\n");
  to.fail(new Error("full"));
  await settle();
  output.push("two\n");
  await output.flush(1000);
  assertEquals([errors.length, output.backlog, to.written], [1, Infinity, []]);
});

Deno.test("quiet watches no payload and tells of no recovery", async () => {
  const { to, log } = openLog({ quiet: true });
  to.open();
  assertEquals(log.watch({ connection: 1 }), { received: undefined, sent: undefined });
  log.emit(recovered(1));
  await log.flush(1000);
  assertEquals(to.written, []);
});

Deno.test("offsets are counted by direction and connection", async () => {
  const { clock, to, log } = openLog();
  const offsets: number[] = [];
  const spy = new Log({
    format: (event) => `${event.event === "data" ? offsets.push(event.offset) : 0}`,
    output: new BatchWriter(to, { clock, gatherMs: 10 }),
    payload: ["in", "out"],
    clock,
  });
  to.open();
  const [one, other] = [spy.watch({ connection: 1 }), spy.watch({ connection: 2 })];
  for (const watcher of [one, other, one]) {
    watcher.received!(new Uint8Array(5));
    watcher.sent!(new Uint8Array(7));
  }
  await Promise.all([spy.flush(1), log.flush(1)]);
  assertEquals(offsets, [0, 0, 0, 0, 5, 7]);
});
