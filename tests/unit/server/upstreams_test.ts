/** The order in which a forwarder tries its addresses. */
import { assertEquals } from "@std/assert";
import { parseAddress } from "../../../lib/net/parse_address.ts";
import { Upstreams } from "../../../lib/server/upstreams.ts";
import { FakeClock } from "../../support/fakes.ts";

Deno.test("each address in its turn; one that was silent comes last for 30 s", () => {
  const addresses = ["a:1", "b:2", "c:3"].map((text) => parseAddress(text));
  const clock = new FakeClock();
  const upstreams = new Upstreams(addresses);
  const next = () => upstreams.next(clock).map((address) => addresses.indexOf(address));
  assertEquals([next(), next()], [[0, 1, 2], [1, 2, 0]]);
  upstreams.noteSilent(addresses[2]!, clock);
  assertEquals([next(), next(), next()], [[0, 1, 2], [0, 1, 2], [1, 0, 2]]);
  clock.advance(30_000);
  assertEquals(next(), [2, 0, 1]);
});
