import { assertEquals } from "@std/assert";
import { DialTimes } from "../../../lib/net/dial_times.ts";
import { FakeClock } from "../../support/fakes.ts";

Deno.test("dial times: the program's own work is in no part, and not in the whole", () => {
  const clock = new FakeClock();
  const times = new DialTimes(clock);
  const pass = (milliseconds: number) => clock.advance(milliseconds);
  pass(20);
  times.onPhase("loading");
  pass(2);
  times.onPhase("dns");
  pass(3);
  times.onPhase("connect");
  pass(7);
  times.onPhase("loading");
  pass(5);
  const heard = clock.now();
  pass(30); // certificates are judged
  times.onPhase("tls", heard);
  times.onPhase("loading");
  assertEquals(times.parts, [
    { name: "dns", took: 2 },
    { name: "connect", took: 3 },
    { name: "tls", took: 5 },
  ]);
  assertEquals([times.elapsedMs, times.began], [10, 25]);
});
