/// <reference lib="dom" />
/** The connections of an endpoint, or of all: as they come and go. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { SessionJson } from "../v1/sessions.ts";
import type { Api } from "./api.ts";
import { Head, Row } from "./connection_row.tsx";
import { chosen, type Order, ORDERS } from "./connection_words.ts";
import { goTo, useInterval } from "./hooks.ts";
import type { Place } from "./place.ts";
import type { ConnectionView, Store } from "./store.ts";
import { type RowRange, type Target, VirtualRows } from "./virtual_rows.tsx";

const ROW_HEIGHT = 28; // pixels, as in the style sheet
const ASK_MS = 1000; // for what the system knows of those that are seen

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
  const [target, setTarget] = useState<Target>();
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
    setTarget({ row: next });
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
        target={target}
        attributes={{
          class: "grid",
          role: "grid",
          tabIndex: 0,
          "aria-label": "Connections; arrow keys choose, Enter opens",
          "aria-rowcount": rows.length + 1,
          "aria-activedescendant": isDrawn(row, seen.range) ? `connection-${active}` : undefined,
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

function isDrawn(row: number, { from, to }: RowRange): boolean {
  return row >= from && row < to;
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
