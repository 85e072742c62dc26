/// <reference lib="dom" />
/** One connection: what it says, and ending it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatSize } from "../../core/units.ts";
import type { Api } from "./api.ts";
import type { ByteLog, ByteRow, Shown } from "./byte_log.ts";
import { shortAddress } from "./connections.tsx";
import { timeOfDay } from "./format.ts";
import { goTo, useAction } from "./hooks.ts";
import { packetsOf } from "./packets.ts";
import { ErrorText, Name } from "./parts.tsx";
import type { Place } from "./place.ts";
import type { ConnectionView, Store } from "./store.ts";
import { useBytes } from "./use_bytes.ts";
import { VirtualRows } from "./virtual_rows.tsx";

const ROW_HEIGHT = 19; // pixels, as in the style sheet

/** What the panel shows. */
export interface ConnectionProps {
  readonly store: Store;
  readonly api: Api;
  readonly place: Place;
  readonly connection: number;
}

/** The panel of the connection that is chosen. */
export function Connection({ store, api, place, connection }: ConnectionProps): JSX.Element {
  const view = store.connections.get(connection);
  const [shown, setShown] = useState<Shown>("text");
  const [paused, setPaused] = useState(false);
  const [query, setQuery] = useState("");
  const [follows, setFollows] = useState(true);
  const [error, run] = useAction();
  const { log, follows: isFollowing, trouble } = useBytes(connection, {
    api,
    isOpen: Boolean(view && !view.closed),
    paused,
  });
  const found = useFound(log, { query, shown });
  const path = `/v1/sessions/${connection}`;
  const close = () => goTo({ ...place, connection: undefined });
  return (
    <section
      class="connection"
      aria-label={`Connection ${connection}`}
      onKeyDown={({ key }) => key === "Escape" && close()}
    >
      <div class="bar">
        <h3>
          #{connection} {view && <Name>{shortAddress(view.remote)}</Name>}
        </h3>
        {view && <Facts view={view} />}
        <span class="tools">
          <button
            type="button"
            disabled={!view || Boolean(view.closed)}
            onClick={() => run(() => api.ask(`DELETE ${path}`))}
          >
            close (FIN)
          </button>
          <button
            type="button"
            disabled={!view || Boolean(view.closed)}
            onClick={() => run(() => api.ask(`POST ${path}/reset`))}
          >
            reset (RST)
          </button>
          <button type="button" class="quiet" onClick={close} aria-label="Close the panel">
            ×
          </button>
        </span>
      </div>
      <div class="bar">
        <fieldset class="choice">
          <legend class="unseen">How bytes are shown</legend>
          {(["text", "hex"] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="shown"
                checked={shown === each}
                onChange={() => setShown(each)}
              />
              {each}
            </label>
          ))}
        </fieldset>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          pause
        </button>
        <Search query={query} onQuery={setQuery} found={found} />
        <button
          type="button"
          disabled={!view || log.entries.length === 0}
          onClick={() => save(log, view!)}
        >
          save as pcapng
        </button>
        {log.lost > 0 && <span class="warn">{formatSize(log.lost)} not kept</span>}
      </div>
      {(error || trouble) && <ErrorText>{error || trouble}</ErrorText>}
      <VirtualRows
        count={log.rowCount(shown)}
        rowHeight={ROW_HEIGHT}
        follows={follows && !paused && found.row === undefined}
        onFollow={setFollows}
        target={found.row}
        attributes={{
          class: "bytes",
          role: "region",
          tabIndex: 0,
          "aria-label": `Bytes of connection ${connection}`,
        }}
        render={(range) =>
          log.rows(shown, range).map((row, index) => (
            <Line key={row.key} row={row} marked={range.from + index === found.row} />
          ))}
      />
      {log.entries.length === 0 && !trouble && (
        <p class="hint empty">
          {emptyReason(view, isFollowing)}
        </p>
      )}
    </section>
  );
}

function emptyReason(view: ConnectionView | undefined, isFollowing: boolean): string {
  if (!view) return "no connection of this number is open";
  if (view.closed) return "closed";
  return isFollowing ? "nothing yet: what passes from now on is shown" : "";
}

function Facts({ view }: { readonly view: ConnectionView }): JSX.Element {
  const { endpoint, service, local, upstream, via, tls, alpn } = view;
  const facts = [
    `${endpoint} (${service})`,
    ...(upstream ? [`to ${shortAddress(upstream)}`] : [`at ${shortAddress(local)}`]),
    ...(via ? [`via ${shortAddress(via)}`] : []),
    ...(tls ? [[tls.protocol, tls.cipher, tls.serverName, alpn].filter(Boolean).join(" ")] : []),
  ];
  return (
    <span class="hint">
      <Name>{facts.join("; ")}</Name>
    </span>
  );
}

function Line({ row, marked }: { readonly row: ByteRow; readonly marked: boolean }): JSX.Element {
  const { direction, time, offset, text, isNote } = row;
  const sign = time === undefined ? "" : direction === "in" ? "<" : direction === "out" ? ">" : "";
  const kind = `${direction ?? ""}${isNote ? " note" : ""}${marked ? " marked" : ""}`;
  return (
    <div class={`line ${kind}`}>
      <span class="time">{time === undefined ? "" : timeOfDay(time)}</span>
      <span class="offset">{isNote ? "" : offset}</span>
      <span class="sign">{sign}</span>
      <bdi class="text">{text}</bdi>
    </div>
  );
}

interface Found {
  readonly rows: readonly number[];
  readonly at: number;
  /** The row to be seen. */
  readonly row: number | undefined;
  readonly step: (by: number) => void;
}

function useFound(
  log: ByteLog,
  { query, shown }: { readonly query: string; readonly shown: Shown },
): Found {
  const [at, setAt] = useState(0);
  useEffect(() => setAt(0), [query, shown]);
  const rows = query === "" ? [] : log.find(query, shown);
  const step = (by: number) => setAt((rows.length + at + by) % (rows.length || 1));
  return { rows, at, row: rows[at], step };
}

function Search(
  { query, onQuery, found }: {
    readonly query: string;
    readonly onQuery: (query: string) => void;
    readonly found: Found;
  },
): JSX.Element {
  const { rows, at, step } = found;
  return (
    <span class="search">
      <input
        type="search"
        placeholder="search"
        aria-label="Search the bytes; Enter goes to the next place"
        value={query}
        onInput={({ currentTarget }) => onQuery(currentTarget.value)}
        onKeyDown={({ key, shiftKey }) => key === "Enter" && step(shiftKey ? -1 : 1)}
      />
      <span role="status" class="hint">
        {query === "" ? "" : rows.length === 0 ? "none" : `${at + 1} of ${rows.length}`}
      </span>
    </span>
  );
}

function save(log: ByteLog, view: ConnectionView): void {
  const url = URL.createObjectURL(
    new Blob(packetsOf(log, view), { type: "application/vnd.tcpdump.pcap" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `netecho-${view.connection}.pcapng`;
  link.click();
  URL.revokeObjectURL(url);
}
