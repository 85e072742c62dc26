import { assertEquals, assertMatch } from "@std/assert";
import document from "../../../lib/control/openapi.json" with { type: "json" };
import { v1Routes } from "../../../lib/control/v1/routes.ts";
import { eventsAnswer } from "../../../lib/control/v1/events.ts";
import { EventRing } from "../../../lib/control/event_ring.ts";
import { findRoute } from "../../../lib/control/http.ts";
import type { Event } from "../../../lib/log/event.ts";
import { FakeClock } from "../../support/fakes.ts";

Deno.test("control: the OpenAPI document has every route, and no other", () => {
  const context = { server: { context: { clock: new FakeClock() } } };
  const routes = v1Routes(context as unknown as Parameters<typeof v1Routes>[0]);
  const all = routes.flatMap(({ methods, path }) =>
    methods.map((method) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`)
  );
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assertEquals(all.toSorted(), described.toSorted());
});

Deno.test("control: a path names its parts, decoded; a wrong one is none", () => {
  const route = { methods: ["GET"], path: "/a/:name/b", answer: () => new Response() };
  const find = (method: string, pathname: string) => findRoute([route], { method, pathname });
  assertEquals(find("GET", "/a/x%2Fy%20z/b"), { route, path: new Map([["name", "x/y z"]]) });
  assertEquals(find("PUT", "/a/x/b"), { route: undefined, path: new Map([["name", "x"]]) });
  for (const other of ["/a//b", "/a/x/b/", "/a/x", "/a/%ff/b", "/a/constructor"]) {
    assertEquals(find("GET", other), undefined, other);
  }
});

Deno.test("event ring: who is late is told how many events are kept no longer", async () => {
  const log = new FakeLog();
  const ring = new EventRing(log, { limit: 3 });
  for (let open = 1; open <= 7; open++) log.tell(open);
  assertEquals(ring.next, 8);
  const numbersFrom = (from: number) =>
    ring.read(from).map(({ number, json }) => {
      const { event, events, open } = JSON.parse(json);
      return [number, event, event === "missed" ? events : open];
    });
  assertEquals(numbersFrom(1), [
    [4, "missed", 4],
    [5, "stopping", 5],
    [6, "stopping", 6],
    [7, "stopping", 7],
  ]);
  assertEquals(numbersFrom(8), []);
  const next = ring.changed();
  log.tell(8);
  await next;
  assertEquals(numbersFrom(8), [[8, "stopping", 8]]);
});

Deno.test("events: behind a number of an earlier server all of this one's, and else those to come", async () => {
  const log = new FakeLog();
  const ring = new EventRing(log);
  log.tell(1);
  const headers = new Headers({ "last-event-id": "900" });
  const request = { path: new Map(), query: new URLSearchParams(), headers, body: "" };
  const reader = eventsAnswer(request, { ring, clock: new FakeClock() }).body!.pipeThrough(
    new TextDecoderStream(),
  ).getReader();
  await reader.read(); // a comment
  assertMatch((await reader.read()).value!, /^id: 1\ndata: /);
  await reader.cancel();
  log.tell(2);
  assertEquals(ring.read(2).map(({ number }) => number), [2]);
  ring.close();
});

class FakeLog {
  #listener = (_event: Event, _time: number): void => {};

  subscribe(listener: (event: Event, time: number) => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  tell(open: number): void {
    this.#listener({ event: "stopping", open, graceMs: 0 }, 0);
  }
}
