import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { assertEquals } from "@std/assert";
import { Acceptor } from "../../../lib/server/acceptor.ts";
import type { Event } from "../../../lib/log/event.ts";
import type { Log } from "../../../lib/log/log.ts";
import type { Arrival } from "../../../lib/net/transport.ts";
import { FakeClock, FakeSocket, NOWHERE } from "../../support/fakes.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

/** A listener whose accepts end as the script says, and then wait. */
function listening(script: readonly (Error | "peer")[]) {
  const clock = new FakeClock();
  const closed = Promise.withResolvers<never>();
  const events: Event[] = [];
  const left = [...script];
  const open = () => new SocketDuplex(new FakeSocket([]), NOWHERE);
  const arrival: Arrival = { ...NOWHERE, open, close() {} };
  let accepts = 0;
  let peers = 0;
  const listener = {
    address: NOWHERE.local,
    close: () => closed.reject(new Deno.errors.BadResource()),
    accept(): Promise<Arrival> {
      accepts++;
      const next = left.shift();
      if (next === "peer") return Promise.resolve(arrival);
      if (next) return Promise.reject(next);
      return closed.promise;
    },
  };
  const log = { emit: (event: Event) => void events.push(event) } as Log;
  closed.promise.catch(() => {});
  const acceptor = new Acceptor(listener, {
    onArrival: () => peers++,
    endpoint: "test",
    log,
    clock,
  });
  const done = acceptor.run();
  return {
    clock,
    acceptor,
    events,
    done,
    get accepts(): number {
      return accepts;
    },
    get peers(): number {
      return peers;
    },
  };
}

const full = Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
const gone = new Deno.errors.NotConnected("Transport endpoint is not connected");
const goneOnMacOS = Object.assign(new Error("Invalid argument (os error 22)"), { code: "EINVAL" });

Deno.test("out of descriptors: tried again every 100 ms, reported at both ends of the spell", async () => {
  const run = listening([full, full, full, "peer", "peer"]);
  await settle();
  assertEquals(run.accepts, 1);
  for (let tick = 0; tick < 3; tick++) {
    run.clock.advance(100);
    await settle();
  }
  assertEquals([run.accepts, run.peers], [6, 2]);
  assertEquals(run.events.map(({ event }) => event), ["acceptFailed"]);
  run.clock.advance(1000);
  assertEquals(run.events[1], {
    event: "acceptRecovered",
    endpoint: "test",
    address: NOWHERE.local,
    failures: 3,
  });
  run.acceptor.stop();
  await run.done;
  assertEquals(run.clock.waiting, 0);
});

for (const error of [gone, goneOnMacOS]) {
  Deno.test(`peers gone before they are accepted cost no pause and one line: ${error.message}`, async () => {
    const run = listening([...Array(1000).fill(error), "peer"]);
    await settle();
    assertEquals([run.peers, run.events.length], [1, 1]);
    run.acceptor.stop();
    await run.done;
  });
}

Deno.test("stopping in the middle of a pause ends the loop at once", async () => {
  const run = listening([full]);
  await settle();
  run.acceptor.stop();
  await run.done;
  assertEquals([run.accepts, run.clock.waiting], [1, 0]);
});

Deno.test("a peer that was gone hides no failure of this machine", async () => {
  const run = listening([gone, full, "peer"]);
  await settle();
  run.clock.advance(100);
  await settle();
  const told = run.events.map((event) => event.event === "acceptFailed" && event.gone);
  assertEquals([run.peers, told], [1, [true, false]]);
  run.acceptor.stop();
  await run.done;
  assertEquals(run.clock.waiting, 0);
});
