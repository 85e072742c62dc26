/// <reference lib="dom" />
/** The connections of an endpoint, or of all: as they come and go. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatDuration } from "../../core/units.ts";
import { printableText } from "../../terminal/sanitize.ts";
import type { SessionJson } from "../v1/sessions.ts";
import type { Api } from "./api.ts";
import { age, bytesAndRate } from "./format.ts";
import { goTo, useInterval } from "./hooks.ts";
import type { Place } from "./place.ts";
import type { ConnectionView, Store } from "./store.ts";
import { type RowRange, VirtualRows } from "./virtual_rows.tsx";

const ROW_HEIGHT = 28; // pixels, as in the style sheet
const ASK_MS = 1000; // for what the system knows of those that are seen

const COLUMNS = [
  ["number", "#"],
  ["remote", "remote"],
  ["age", "age"],
  ["in", "in"],
  ["out", "out"],
  ["rtt", "rtt"],
  ["retransmits", "retr."],
  ["note", "faults, TLS, end"],
] as const;

const ORDERS = [
  ["newest", "newest first"],
  ["busiest", "busiest first"],
  ["largest", "most bytes first"],
] as const;

type Order = (typeof ORDERS)[number][0];

/** What the list shows. */
export interface ConnectionsProps {
  readonly store: Store;
  readonly api: Api;
  readonly place: Place;
}

/** The list of connections; the arrow keys choose one, Enter opens it. */
export function Connections({ store, api, place }: ConnectionsProps): JSX.Element {
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>("newest");
  const [active, setActive] = useState<number>();
  const [seen] = useState<{ range: RowRange }>({ range: { from: 0, to: 0 } });
  const rows = chosen(store, { endpoint: place.endpoint, filter, order });
  const row = rows.findIndex(({ connection }) => connection === active);
  useInterval(() => {
    const { from, to } = seen.range;
    const open = rows.slice(from, to).filter(({ closed }) => !closed);
    if (open.length === 0) return;
    const query = open.map(({ connection }) => `connection=${connection}`).join("&");
    api.ask<SessionJson[]>(`GET /v1/sessions?${query}`)
      .then((sessions) => store.refresh(sessions))
      .catch(() => {}); // the stream tells of it
  }, ASK_MS);
  const move = (event: KeyboardEvent) => {
    const step = STEPS.get(event.key);
    if (event.key === "Enter" && row >= 0) open(rows[row]!, place);
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, row + step));
    setActive(rows[next]?.connection);
  };
  return (
    <section class="connections" aria-label="Connections">
      <div class="bar">
        <h3>
          Connections <span class="hint">{rows.filter(({ closed }) => !closed).length} open</span>
        </h3>
        <input
          type="search"
          placeholder="filter"
          aria-label="Filter connections by address, number, endpoint, fault or end"
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
        <select
          aria-label="Order of connections"
          value={order}
          onChange={({ currentTarget }) => setOrder(currentTarget.value as Order)}
        >
          {ORDERS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select>
      </div>
      <VirtualRows
        count={rows.length}
        rowHeight={ROW_HEIGHT}
        target={row < 0 ? undefined : row}
        attributes={{
          class: "grid",
          role: "grid",
          tabIndex: 0,
          "aria-label": "Connections; arrow keys choose, Enter opens",
          "aria-rowcount": rows.length + 1,
          "aria-activedescendant": row < 0 ? undefined : `connection-${active}`,
          onKeyDown: move,
        }}
        head={<Head />}
        render={(range) => {
          seen.range = range;
          return rows.slice(range.from, range.to).map((view, index) => (
            <Row
              key={view.connection}
              view={view}
              index={range.from + index}
              now={store.now}
              named={place.endpoint === undefined}
              active={view.connection === active}
              selected={view.connection === place.connection}
              onOpen={() => {
                setActive(view.connection);
                open(view, place);
              }}
            />
          ));
        }}
      />
      {rows.length === 0 && <p class="hint empty">{filter ? "none matches" : "none yet"}</p>}
    </section>
  );
}

const STEPS: ReadonlyMap<string, number> = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
  ["PageDown", 10],
  ["PageUp", -10],
  ["Home", -Infinity],
  ["End", Infinity],
]);

function open({ connection }: ConnectionView, place: Place): void {
  goTo({ ...place, connection });
}

function Head(): JSX.Element {
  return (
    <div role="rowgroup">
      <div role="row" class="row head" aria-rowindex={1}>
        {COLUMNS.map(([name, label]) => (
          <span key={name} role="columnheader" class={`cell ${name}`}>{label}</span>
        ))}
      </div>
    </div>
  );
}

function Row(
  { view, index, now, named, active, selected, onOpen }: {
    readonly view: ConnectionView;
    readonly index: number;
    readonly now: number;
    /** Whether the endpoint is shown. */
    readonly named: boolean;
    readonly active: boolean;
    readonly selected: boolean;
    readonly onOpen: () => void;
  },
): JSX.Element {
  const { connection, endpoint, remote, received, sent, receivedRate, sentRate, tcp } = view;
  const { openedAt, closed, ratedAt } = view;
  const isRated = !closed && ratedAt === now;
  const cells: Record<(typeof COLUMNS)[number][0], string> = {
    number: `#${connection}`,
    remote: named ? `${shortAddress(remote)} › ${endpoint}` : shortAddress(remote),
    age: age((closed?.at ?? now) - openedAt),
    in: bytesAndRate(received, isRated ? receivedRate : 0),
    out: bytesAndRate(sent, isRated ? sentRate : 0),
    rtt: tcp?.rttMs === undefined ? "" : formatDuration(tcp.rttMs),
    retransmits: tcp?.retransmits === undefined ? "" : String(tcp.retransmits),
    note: noteOf(view),
  };
  const state = `${closed ? " closed" : ""}${selected ? " selected" : ""}${
    active ? " active" : ""
  }`;
  return (
    <div
      role="row"
      id={`connection-${connection}`}
      class={`row${state}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      onClick={onOpen}
    >
      {COLUMNS.map(([name]) => (
        <bdi key={name} role="gridcell" class={`cell ${name}`} title={printableText(cells[name])}>
          {printableText(cells[name])}
        </bdi>
      ))}
    </div>
  );
}

/** An address without `tcp://`. */
export function shortAddress(address: string): string {
  return address.replace(/^tcp:\/\//, "");
}

function noteOf({ faults, tls, alpn, closed }: ConnectionView): string {
  const end = closed &&
    `${ENDS.get(closed.reason) ?? closed.reason}${closed.detail ? `: ${closed.detail}` : ""}`;
  const security = tls && [tls.protocol, tls.serverName, alpn].filter(Boolean).join(" ");
  return [end, faults.join(", "), security].filter(Boolean).join("; ");
}

const ENDS: ReadonlyMap<string, string> = new Map([
  ["eof", "ended by the peer"],
  ["reset", "reset by the peer"],
  ["idle", "idle for too long"],
  ["stopped", "the server stopped"],
  ["fault", "ended by a fault"],
  ["control", "ended by the control interface"],
  ["error", "failed"],
]);

function chosen(
  { connections }: Store,
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
  if (order === "busiest") return views.sort((a, b) => rateOf(b) - rateOf(a));
  if (order === "largest") return views.sort((a, b) => sizeOf(b) - sizeOf(a));
  return views.reverse();
}

function searchable(view: ConnectionView): string {
  const { connection, endpoint, remote, upstream = "" } = view;
  return `#${connection} ${endpoint} ${remote} ${upstream} ${noteOf(view)}`.toLowerCase();
}

function rateOf({ receivedRate, sentRate, closed }: ConnectionView): number {
  return closed ? -1 : receivedRate + sentRate;
}

function sizeOf({ received, sent }: ConnectionView): number {
  return received + sent;
}
