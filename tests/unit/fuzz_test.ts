/** A little of what `deno task soak` does at length. */
import { fuzz, fuzzers } from "../support/fuzz.ts";

for (const name of fuzzers.keys()) {
  Deno.test(`fuzzing ${name}: each input is read, or refused in words`, async () => {
    await fuzz(name, { count: 1000, seed: 1 });
  });
}
