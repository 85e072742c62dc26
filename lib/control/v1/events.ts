/** Events as they happen. */
import type { Clock } from "../../core/clock.ts";
import { eventStream, messageText } from "../event_stream.ts";
import type { EventRing } from "../event_ring.ts";
import { HttpError, type RouteRequest } from "../http.ts";

/**
 * The events from `?from=N` on, or behind `Last-Event-ID`; without either, those to come. A reader
 * that is slower than they come misses some, and is told how many.
 */
export function eventsAnswer(
  { query, headers }: RouteRequest,
  { ring, clock }: { readonly ring: EventRing; readonly clock: Clock },
): Response {
  const last = headers.get("last-event-id");
  // A last event that is still to come is one of an earlier server.
  const from = last === null
    ? query.get("from") ?? String(ring.next)
    : String(Number(last) < ring.next ? Number(last) + 1 : 1);
  if (!/^\d+$/.test(from)) throw new HttpError(400, "from: the number of an event is needed");
  let next = Math.min(Number(from), ring.next);
  return eventStream({
    take() {
      const events = ring.read(next);
      next = (events.at(-1)?.number ?? next - 1) + 1;
      return events.map(({ number, json }) => messageText({ id: String(number), data: json }))
        .join("");
    },
    get over() {
      return ring.closed;
    },
    changed: () => ring.changed(),
  }, clock);
}
