import { SocketDuplex } from "../../../lib/net/socket_duplex.ts";
import { assertEquals } from "@std/assert";
import { NetworkError } from "../../../lib/core/errors.ts";
import type { Event } from "../../../lib/log/event.ts";
import type { Log } from "../../../lib/log/log.ts";
import { echo } from "../../../lib/server/services/echo.ts";
import type { Service } from "../../../lib/server/service.ts";
import { type Ending, Session } from "../../../lib/server/session.ts";
import { FakeClock, FakeSocket, NOWHERE } from "../../support/fakes.ts";

function start(
  handle: Service["handle"],
  { idleTimeout, usualIdle, incoming = [], opening }: Options = {},
) {
  const clock = new FakeClock();
  const events: Event[] = [];
  const log = {
    emit: (event: Event) => void events.push(event),
    watch: () => ({}),
  } as unknown as Log;
  const service = { name: "test", summary: "", options: {}, example: "", handle };
  const socket = new FakeSocket(incoming);
  const peer = new SocketDuplex(socket, NOWHERE);
  const ended = Promise.withResolvers<Ending | undefined>();
  const context = {
    endpoint: "test",
    service,
    values: {},
    idleTimeout,
    server: { log, clock, nextConnection: () => 1, captures: new Set<never>() },
  };
  const onEnd = (ending?: Ending) => ended.resolve(ending);
  const idle = usualIdle === undefined ? {} : { idleTimeout: usualIdle };
  const arrival = { ...NOWHERE, ...idle, open, close: () => socket.close() };
  const session = new Session(arrival, { context, onOpen: () => 1, onEnd });
  function open() {
    return opening ? opening.then(() => peer) : peer;
  }
  session.begin();
  return { clock, events, socket, peer, session, ending: ended.promise };
}

interface Options {
  readonly idleTimeout?: number;
  /** What the transport takes for gone. */
  readonly usualIdle?: number;
  /** A handshake. */
  readonly opening?: Promise<void>;
  readonly incoming?: readonly Uint8Array[];
}

const forever = () => new Promise<void>(() => {});

Deno.test("a service that ends closes the peer, once, and what it moved is told", async () => {
  const incoming = [new Uint8Array(5), new Uint8Array(3)];
  const { ending, socket, events, session } = start(echo.handle, { incoming });
  assertEquals(await ending, { reason: "eof" });
  session.end({ reason: "stopped" });
  assertEquals(socket.events, ["closeWrite", "close"]);
  const closed = events.filter(({ event }) => event === "closed");
  assertEquals(closed, [{
    event: "closed",
    endpoint: "test",
    connection: 1,
    remote: NOWHERE.remote,
    received: 8,
    sent: 8,
    elapsedMs: 0,
    reason: "eof",
  }]);
  assertEquals(session.traffic, { received: 8, sent: 8, chunks: 2 });
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
  const incoming = [new Uint8Array(1), new Uint8Array(1)];
  const { clock, peer, ending, socket } = start(forever, { idleTimeout: 1000, incoming });
  let ended = false;
  ending.then(() => ended = true);
  const reader = peer.readable.getReader();
  const writer = peer.writable.getWriter();
  for (const move of [() => reader.read(), () => writer.write(new Uint8Array(1))]) {
    clock.advance(999);
    await move();
  }
  clock.advance(999);
  await Promise.resolve();
  assertEquals(ended, false);
  clock.advance(1);
  assertEquals(await ending, { reason: "idle", detail: "idle for 1 s" });
  assertEquals([clock.waiting, socket.events], [0, ["close"]]);
});

Deno.test("a session that is ended does not wait for its service", async () => {
  const { session, ending, clock } = start(forever, { idleTimeout: 1000 });
  session.end({ reason: "stopped" });
  session.end({ reason: "reset" });
  assertEquals(await ending, { reason: "stopped" });
  assertEquals(clock.waiting, 0);
});

Deno.test("a peer that fails its handshake is refused, by one event", async () => {
  const opening = Promise.reject(new NetworkError("it does not speak TLS"));
  const { ending, events } = start(forever, { opening });
  assertEquals(await ending, undefined);
  const { remote } = NOWHERE;
  const detail = "it does not speak TLS";
  assertEquals(events, [{
    event: "refused",
    endpoint: "test",
    remote,
    reason: "handshake",
    detail,
  }]);
});

Deno.test("a session that is ended during its handshake is not served, and says nothing", async () => {
  const opening = Promise.withResolvers<void>();
  const { session, ending, events, socket } = start(forever, { opening: opening.promise });
  session.end({ reason: "stopped" });
  assertEquals(await ending, undefined);
  opening.resolve();
  await opening.promise;
  await Promise.resolve();
  assertEquals([events, socket.events], [[], ["close", "close"]]);
});

Deno.test("a transport's own idle time counts unless the user sets another", async () => {
  const usual = start(forever, { usualIdle: 500 });
  const other = start(forever, { usualIdle: 500, idleTimeout: 900 });
  for (const { clock } of [usual, other]) clock.advance(500);
  assertEquals((await usual.ending)?.reason, "idle");
  assertEquals(other.clock.waiting, 1);
  other.session.end({ reason: "stopped" });
});

Deno.test("what is under way when a session ends is told to nobody", async () => {
  const late = Promise.withResolvers<number>();
  const seen: number[] = [];
  const socket = new FakeSocket([]);
  const peer = new SocketDuplex(Object.assign(socket, { read: () => late.promise }), NOWHERE);
  peer.observe({ received: ({ length }) => seen.push(length) });
  const reading = peer.readable.getReader().read();
  peer.close();
  late.resolve(5);
  await reading;
  assertEquals(seen, []);
});
