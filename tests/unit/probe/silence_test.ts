import { assertEquals } from "@std/assert";
import { withPatterns } from "../../../lib/core/byte_pattern.ts";
import { ownExchange } from "../../../lib/probe/own_exchange.ts";
import { trySilence } from "../../../lib/probe/silence.ts";
import { FakeClock, FakePeer } from "../../support/fakes.ts";

Deno.test("silence: a request stays as it was while it is written, also after the next was asked for", async () => {
  const clock = new FakeClock();
  const spec = { expectBytes: undefined, expectLine: true, weight: 1 };
  const send = new TextEncoder().encode("ask {seq}\n");
  const exchange = await withPatterns(() => ownExchange([{ ...spec, send, expect: ["{seq}"] }]));
  const written: Uint8Array[] = [];
  const peer: FakePeer = new FakePeer({
    onWrite(chunk) {
      written.push(chunk);
      peer.say(chunk.slice());
    },
  });
  const options = {
    clock,
    exchange,
    silence: 1000,
    timeout: 100,
    stop: new Promise<void>(() => {}),
  };
  const trying = trySilence(peer, options);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  clock.advance(1000);
  assertEquals((await trying).outcome, "survived");
  const texts = written.map((chunk) => new TextDecoder().decode(chunk));
  assertEquals(texts, ["ask 1\n", "ask 2\n"]);
});
