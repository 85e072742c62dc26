import { assertEquals, assertRejects } from "@std/assert";
import { echoExchange } from "../../../lib/probe/echo_exchange.ts";
import type { Exchange } from "../../../lib/probe/exchange.ts";
import { exchangeOnce } from "../../../lib/probe/round_trip.ts";
import { FakeClock, FakePeer } from "../../support/fakes.ts";

Deno.test("round trip: making the message is not in its time, nor in its limit", async () => {
  const clock = new FakeClock();
  const echo = echoExchange(64);
  const exchange: Exchange = {
    ...echo,
    open(options) {
      clock.stall(500);
      return echo.open(options);
    },
  };
  const peer: FakePeer = new FakePeer({ onWrite: (chunk) => peer.say(chunk.slice()) });
  const { answer, took } = await exchangeOnce(peer, { clock, exchange, number: 1, timeout: 100 });
  assertEquals([answer, took], ["intact", 0]);
});

Deno.test("round trip: a reset that the writing side alone is told of is a reset", async () => {
  const peer = new FakePeer({
    onWrite() {
      peer.say(null);
      return Promise.reject(new Deno.errors.ConnectionReset("reset"));
    },
  });
  const asking = { clock: new FakeClock(), exchange: echoExchange(64), number: 1, timeout: 100 };
  await assertRejects(() => exchangeOnce(peer, asking), Deno.errors.ConnectionReset);
});
