import { assertEquals } from "@std/assert";
import type { Event } from "../../lib/events/event.ts";
import type { Log } from "../../lib/events/log.ts";
import { SocketDuplex } from "../../lib/net/duplex.ts";
import type { Service } from "../../lib/services/service.ts";
import { type Ending, Session, Totals } from "../../lib/session.ts";
import { FakeClock, FakeSocket, NOWHERE } from "../helpers.ts";

function start(handle: Service["handle"], idleTimeout?: number) {
  const clock = new FakeClock();
  const events: Event[] = [];
  const log = {
    emit: (event: Event) => void events.push(event),
    watch: () => undefined,
  } as unknown as Log;
  const service = { name: "test", summary: "", options: {}, example: "", handle };
  const socket = new FakeSocket([]);
  const peer = new SocketDuplex(socket, NOWHERE);
  const totals = new Totals();
  const ended = Promise.withResolvers<Ending>();
  const context = { service, log, clock, totals, idleTimeout };
  const onEnd = (_: Session, ending: Ending) => ended.resolve(ending);
  const session = new Session(peer, { number: 1, onEnd, context });
  return { clock, events, socket, peer, totals, session, ending: ended.promise };
}

const forever = () => new Promise<void>(() => {});

Deno.test("a service that ends closes the peer, once, and is counted", async () => {
  const { ending, socket, events, totals } = start(async (peer) => {
    peer.observer!.received(new Uint8Array(5));
    await Promise.resolve();
    peer.observer!.sent(new Uint8Array(3));
  });
  assertEquals(await ending, { reason: "eof" });
  assertEquals(socket.events, ["close"]);
  const closed = events.find(({ event }) => event === "closed")!;
  assertEquals({ ...closed, elapsed: 0 }, {
    event: "closed",
    connection: 1,
    remote: NOWHERE.remote,
    received: 5,
    sent: 3,
    elapsed: 0,
    reason: "eof",
  });
  assertEquals([totals.received, totals.sent, totals.chunks], [5, 3, 1]);
});

Deno.test("failures are told by what they are", async () => {
  const endings = await Promise.all([
    start(() => Promise.reject(new Deno.errors.ConnectionReset("x"))).ending,
    start(() => Promise.reject(new Deno.errors.BrokenPipe("x"))).ending,
    start(() => Promise.reject(new Error("a bug"))).ending,
  ]);
  assertEquals(endings, [
    { reason: "reset" },
    { reason: "reset" },
    { reason: "error", detail: "a bug" },
  ]);
});

Deno.test("idle means no byte in either direction for the whole time", async () => {
  const { clock, peer, ending, socket } = start(forever, 1000);
  let ended = false;
  ending.then(() => ended = true);
  for (const move of ["received", "sent", "received"] as const) {
    clock.advance(999);
    peer.observer![move](new Uint8Array(1));
  }
  clock.advance(999);
  await Promise.resolve();
  assertEquals(ended, false);
  clock.advance(1);
  assertEquals(await ending, { reason: "idle", detail: "idle for 1 s" });
  assertEquals([clock.waiting, socket.events], [0, ["close"]]);
});

Deno.test("a session that is ended does not wait for its service", async () => {
  const { session, ending, clock } = start(forever, 1000);
  session.end({ reason: "stopped" });
  session.end({ reason: "reset" });
  assertEquals(await ending, { reason: "stopped" });
  assertEquals(clock.waiting, 0);
});
