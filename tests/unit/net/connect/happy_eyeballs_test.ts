import { assertEquals, assertRejects } from "@std/assert";
import type { InetAddress } from "../../../../lib/net/address.ts";
import { type Attempt, connectAny } from "../../../../lib/net/connect/happy_eyeballs.ts";
import { FakeClock } from "../../../support/fakes.ts";

/** A connection whose end the test sees. */
class FakeConnection {
  closed = false;
  constructor(readonly to: string) {}
  close(): void {
    this.closed = true;
  }
}

/** Addresses that answer when the test says so. */
function network(...hostnames: string[]) {
  const pending = new Map<string, PromiseWithResolvers<FakeConnection>>();
  const aborted: string[] = [];
  const abort = new AbortController();
  const attempts: Attempt[] = [];
  const clock = new FakeClock();
  const addresses = hostnames.map((hostname) => ({ transport: "tcp", hostname, port: 1 }));
  const connect = ({ hostname }: InetAddress, signal: AbortSignal) => {
    const answer = Promise.withResolvers<FakeConnection>();
    pending.set(hostname, answer);
    signal.addEventListener("abort", () => {
      aborted.push(hostname);
      answer.reject(signal.reason);
    });
    return answer.promise;
  };
  const dialing = { connect, attempts, clock, signal: abort.signal };
  return { pending, aborted, abort, attempts, clock, result: connectAny(addresses, dialing) };
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("the first address that connects is taken, the others never tried", async () => {
  const { pending, attempts, result } = network("a", "b");
  await settle();
  pending.get("a")!.resolve(new FakeConnection("a"));
  assertEquals((await result).to, "a");
  assertEquals(attempts.length, 1);
});

Deno.test("an address that fails hands over to the next at once", async () => {
  const { pending, attempts, result } = network("a", "b");
  await settle();
  pending.get("a")!.reject(new Error("refused"));
  await settle();
  pending.get("b")!.resolve(new FakeConnection("b"));
  assertEquals((await result).to, "b");
  assertEquals((attempts[0]!.error as Error).message, "refused");
});

Deno.test("an address that is silent for 250 ms gets a rival; the loser is given up", async () => {
  const { pending, aborted, clock, result } = network("a", "b");
  await settle();
  clock.advance(249);
  await settle();
  assertEquals([...pending.keys()], ["a"]);
  clock.advance(1);
  await settle();
  pending.get("b")!.resolve(new FakeConnection("b"));
  assertEquals((await result).to, "b");
  assertEquals(aborted.includes("a"), true);
});

Deno.test("a loser that connects all the same is closed", async () => {
  const { pending, clock, result } = network("a", "b");
  await settle();
  clock.advance(250);
  await settle();
  const [winner, loser] = [new FakeConnection("a"), new FakeConnection("b")];
  pending.get("a")!.resolve(winner);
  pending.get("b")!.resolve(loser);
  assertEquals(await result, winner);
  await settle();
  assertEquals([winner.closed, loser.closed], [false, true]);
});

Deno.test("when all fail, the last failure is thrown and each is on record", async () => {
  const { pending, attempts, result } = network("a", "b");
  await settle();
  pending.get("a")!.reject(new Error("one"));
  await settle();
  pending.get("b")!.reject(new Error("two"));
  await assertRejects(() => result, Error, "two");
  assertEquals(attempts.map(({ error }) => (error as Error).message), ["one", "two"]);
});

Deno.test("an abort ends the wait and gives up what is under way", async () => {
  const { abort, aborted, attempts, clock, result } = network("a", "b", "c");
  await settle();
  clock.advance(250);
  await settle();
  abort.abort(new Error("too late"));
  await assertRejects(() => result, Error, "too late");
  assertEquals(aborted, ["a", "b"]);
  assertEquals(attempts.map(({ error }) => error), [undefined, undefined]);
});

Deno.test("a connection that comes at the moment of an abort is closed", async () => {
  const { pending, abort, result } = network("a");
  await settle();
  const connection = new FakeConnection("a");
  abort.abort(new Error("too late"));
  pending.get("a")!.resolve(connection);
  await assertRejects(() => result, Error, "too late");
  await settle();
  assertEquals(connection.closed, true);
});
