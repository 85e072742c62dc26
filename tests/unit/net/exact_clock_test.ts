import { assert, assertEquals } from "@std/assert";
import { exactClock } from "../../../lib/net/linux/exact_clock.ts";
import { withSystemCalls } from "../../support/skips.ts";

Deno.test({
  ...withSystemCalls(
    "exact clock: a nap takes its time, and is not told of where it was cancelled",
  ),
  sanitizeResources: false, // the library stays open
  async fn() {
    const clock = exactClock();
    const woken: string[] = [];
    const cancel = clock.nap!(1, () => woken.push("cancelled"));
    cancel();
    const started = clock.now();
    await new Promise<void>((resolve) => clock.nap!(2, resolve));
    assert(clock.now() - started >= 1.9);
    assertEquals(woken, []);
  },
});
