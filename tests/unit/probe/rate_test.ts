import { assertEquals, assertThrows } from "@std/assert";
import { initialValues } from "../../../lib/cli/options.ts";
import { bitRate, rateOption, requestRate } from "../../../lib/probe/rate.ts";

Deno.test("rate: requests and bits are told apart", () => {
  const rate = rateOption.parse("2.5Gbit/s");
  assertEquals([bitRate(rate), bitRate(undefined)], [2.5e9, undefined]);
  assertThrows(() => requestRate(rate), Error, "as in 500/s");
  assertThrows(() => bitRate(rateOption.parse("20k/s")), Error, "as in 50Mbit/s");
  assertThrows(() => rateOption.parse("0Mbit/s"), Error, "above 0");
  assertEquals(initialValues({ rate: rateOption }), { rate: undefined });
});
