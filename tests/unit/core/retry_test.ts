import { assertEquals, assertRejects } from "@std/assert";
import { NetworkError } from "../../../lib/core/errors.ts";
import { retry } from "../../../lib/core/retry.ts";
import { FakeClock } from "../../support/fakes.ts";

const refused: Error = new NetworkError("refused");
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

function attempts({ succeedAt = Infinity, error = refused } = {}) {
  const clock = new FakeClock();
  const times: number[] = [];
  const attempt = () => {
    times.push(clock.now());
    return times.length >= succeedAt ? Promise.resolve("there") : Promise.reject(error);
  };
  const pass = async (steps: number) => {
    for (let step = 0; step < steps; step++) {
      await settle();
      clock.advance(50);
    }
  };
  return { clock, times, attempt, pass };
}

Deno.test("the pauses grow from 100 ms to a second", async () => {
  const { clock, times, attempt, pass } = attempts({ succeedAt: 9 });
  const done = retry(attempt, { times: Infinity, within: Infinity, clock });
  await pass(200);
  assertEquals(await done, "there");
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  assertEquals(pauses, [100, 200, 400, 800, 1000, 1000, 1000, 1000]);
});

Deno.test("patience ends after so many times, or so much time, with the last failure", async () => {
  const few = attempts();
  const counted = retry(few.attempt, { times: 2, within: Infinity, clock: few.clock });
  counted.catch(() => {});
  await few.pass(20);
  await assertRejects(() => counted, NetworkError, "refused");
  assertEquals(few.times.length, 3);

  const timed = attempts();
  const limited = retry(timed.attempt, { times: Infinity, within: 350, clock: timed.clock });
  limited.catch(() => {});
  await timed.pass(20);
  await assertRejects(() => limited, NetworkError, "refused");
  assertEquals(timed.times, [0, 100, 300, 350]); // the last one when time is up
});

Deno.test("what is no failure of the network is not tried again", async () => {
  const { clock, times, attempt } = attempts({ error: new TypeError("a bug") });
  await assertRejects(() => retry(attempt, { times: 5, within: Infinity, clock }), TypeError);
  assertEquals([times.length, clock.waiting], [1, 0]);
});
