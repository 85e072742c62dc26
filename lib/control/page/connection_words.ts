/** Connections in words, and which of them are shown in which order. */
import type { ConnectionView, Store } from "./store.ts";

/** In what order connections are shown, and how that is called. */
export const ORDERS = [
  ["newest", "newest first"],
  ["busiest", "busiest first"],
  ["largest", "most bytes first"],
] as const;

/** One of them. */
export type Order = (typeof ORDERS)[number][0];

/** What else there is to say of a connection: how it ended, its faults, its TLS. */
export function noteOf({ faults, tls, alpn, closed }: ConnectionView): string {
  const end = closed &&
    `${ENDS.get(closed.reason) ?? closed.reason}${closed.detail ? `: ${closed.detail}` : ""}`;
  const security = tls && [tls.protocol, tls.serverName, alpn].filter(Boolean).join(" ");
  return [end, faults.join(", "), security].filter(Boolean).join("; ");
}

const ENDS: ReadonlyMap<string, string> = new Map([
  ["eof", "ended by the peer"],
  ["done", "ended by the service"],
  ["reset", "reset by the peer"],
  ["idle", "idle for too long"],
  ["stopped", "the server stopped"],
  ["fault", "ended by a fault"],
  ["control", "ended by the control interface"],
  ["error", "failed"],
]);

/** The connections that are shown: of an endpoint or of all, with a text in them. */
export function chosen(
  { connections, now }: Store,
  { endpoint, filter, order }: {
    readonly endpoint: string | undefined;
    readonly filter: string;
    readonly order: Order;
  },
): ConnectionView[] {
  const wanted = filter.trim().toLowerCase();
  const views = [...connections.values()].filter((view) =>
    (endpoint === undefined || view.endpoint === endpoint) &&
    (wanted === "" || searchable(view).includes(wanted))
  );
  if (order === "busiest") return views.sort((a, b) => rateOf(b, now) - rateOf(a, now));
  if (order === "largest") return views.sort((a, b) => sizeOf(b) - sizeOf(a));
  return views.sort((a, b) => b.connection - a.connection);
}

function searchable(view: ConnectionView): string {
  const { connection, endpoint, remote, upstream = "" } = view;
  return `#${connection} ${endpoint} ${remote} ${upstream} ${noteOf(view)}`.toLowerCase();
}

function rateOf(view: ConnectionView, now: number): number {
  const { received, sent } = currentRates(view, now);
  return view.closed ? -1 : received + sent;
}

/** How many bytes pass a second; the server tells of those alone that pass some. */
export function currentRates(
  { receivedRate, sentRate, ratedAt, closed }: ConnectionView,
  now: number,
): { readonly received: number; readonly sent: number } {
  if (closed || ratedAt !== now) return { received: 0, sent: 0 };
  return { received: receivedRate, sent: sentRate };
}

function sizeOf({ received, sent }: ConnectionView): number {
  return received + sent;
}
