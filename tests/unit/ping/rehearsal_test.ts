import { assert } from "@std/assert";
import { loadHistograms } from "../../../lib/core/histogram.ts";
import { Rehearsal } from "../../../lib/ping/rehearsal.ts";
import { PromptClock } from "../../../lib/probe/prompt_clock.ts";

Deno.test("rehearsal: as many round trips as are asked for, again and again, until it is closed", async () => {
  using clock = new PromptClock();
  const rehearsal = await Rehearsal.open({ clock, size: 64, histograms: await loadHistograms() });
  assert(rehearsal);
  for (const times of [1, 3, 100]) await rehearsal.run(times);
  await rehearsal.close();
});
