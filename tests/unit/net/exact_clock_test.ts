import { assert, assertEquals } from "@std/assert";
import { exactClock } from "../../../lib/net/linux/exact_clock.ts";
import { allOf, needing, withSystemCalls } from "../../support/skips.ts";
import { withFolder } from "../../support/system.ts";

const PROMPT = "exact clock: a nap takes its time, and is not told of where it was cancelled";
const BUSY = "exact clock: a nap ends where every thread of the runtime waits for something";

Deno.test({
  ...withSystemCalls(PROMPT),
  sanitizeResources: false, // the library stays open
  sanitizeOps: false, // a thread may sleep on behind a nap that is over
  async fn() {
    const clock = exactClock();
    const woken: string[] = [];
    for (let count = 0; count < 100; count++) clock.nap!(1, () => woken.push("cancelled"))();
    const started = clock.now();
    await new Promise<void>((resolve) => clock.nap!(2, resolve));
    assert(clock.now() - started >= 1.9);
    assertEquals(woken, []);
  },
});

Deno.test({
  ...allOf(withSystemCalls(BUSY), needing(["mkfifo"], BUSY)),
  sanitizeResources: false, // likewise
  sanitizeOps: false,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/fifo`;
      await new Deno.Command("mkfifo", { args: [path] }).output();
      const opening = Array.from({ length: 40 }, () => Deno.open(path)); // each blocks a thread
      const clock = exactClock();
      for (let nap = 0; nap < 3; nap++) {
        await new Promise<void>((resolve) => clock.nap!(1, resolve));
      }
      using _writer = Deno.openSync(path, { read: true, write: true }); // lets all of them go on
      for (const file of await Promise.all(opening)) file.close();
    }),
});

Deno.test("exact clock: two threads sleep at most, also for naps that were cancelled", async () => {
  const sleeps: { microseconds: number; over: () => void }[] = [];
  const usleep = (microseconds: number) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    sleeps.push({ microseconds, over: () => resolve(0) });
    return promise;
  };
  const clock = exactClock({ usleep });
  const woken: string[] = [];
  clock.nap!(1.5, () => woken.push("cancelled"))();
  const cancel = clock.nap!(60_000, () => woken.push("slept"));
  const third = Promise.withResolvers<void>();
  clock.nap!(1, third.resolve);
  assertEquals(sleeps.map(({ microseconds }) => microseconds), [1500, 60_000_000]);
  await third.promise; // by a timer
  for (const { over } of sleeps) over();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assertEquals(woken, ["slept"]);
  clock.nap!(60_000, () => {})();
  assertEquals(sleeps.length, 3);
  sleeps[2]!.over();
  cancel();
});
