/** Events as they happen, as server-sent events (HTML Living Standard, section 9.2). */
import type { EventRing } from "../event_ring.ts";
import { HttpError, type RouteRequest } from "../http.ts";

/**
 * The events from `?from=N` on, or behind `Last-Event-ID`; without either, those to come. A reader
 * that is slower than they come misses some, and is told how many.
 */
export function eventsAnswer({ query, headers }: RouteRequest, ring: EventRing): Response {
  const last = headers.get("last-event-id");
  // A last event that is still to come is one of an earlier server.
  const from = last === null
    ? query.get("from") ?? String(ring.next)
    : String(Number(last) < ring.next ? Number(last) + 1 : 1);
  if (!/^\d+$/.test(from)) throw new HttpError(400, "from: the number of an event is needed");
  const over = new AbortController();
  const events = ring.from(Number(from), over.signal);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(": the events of a server\n\n")),
    async pull(controller) {
      const { done, value } = await events.next();
      if (done) return controller.close();
      controller.enqueue(encoder.encode(`id: ${value.number}\ndata: ${value.json}\n\n`));
    },
    cancel: () => over.abort(),
  }, { highWaterMark: 1 });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}
