/// <reference lib="dom" />
/** One connection: what it says, and ending it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatSize } from "../../core/units.ts";
import type { Api } from "./api.ts";
import { Line } from "./byte_line.tsx";
import type { Shown } from "./byte_rows.ts";
import type { ByteView } from "./byte_view.ts";
import { Search, useFound } from "./byte_search.tsx";
import { shortAddress } from "./command_line.ts";
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
  /** Whether the whole page is. */
  readonly paused: boolean;
}

/** The panel of the connection that is chosen. */
export function Connection(
  { store, api, place, connection, paused: allPaused }: ConnectionProps,
): JSX.Element {
  const view = store.connections.get(connection);
  const [shown, setShown] = useState<Shown>("text");
  const [paused, setPaused] = useState(false);
  const [query, setQuery] = useState("");
  const [follows, setFollows] = useState(true);
  const [error, run] = useAction();
  const { view: bytes, follows: isFollowing, trouble } = useBytes(connection, {
    api,
    isOpen: Boolean(view && !view.closed),
    paused: paused || allPaused,
  });
  const found = useFound(bytes, { query, shown });
  const path = `/v1/sessions/${connection}`;
  const close = () => goTo({ ...place, connection: undefined });
  return (
    <section
      class="connection"
      aria-label={`Connection ${connection}`}
      onKeyDown={({ key, target }) =>
        key === "Escape" && !(target instanceof HTMLInputElement) && close()}
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
          disabled={!view || bytes.entries.length === 0}
          onClick={() => save(bytes, view!)}
        >
          save as pcapng
        </button>
        {bytes.lost > 0 && <span class="warn">{formatSize(bytes.lost)} not kept</span>}
      </div>
      {(error || trouble) && <ErrorText>{error || trouble}</ErrorText>}
      <VirtualRows
        count={bytes.rowCount(shown)}
        rowHeight={ROW_HEIGHT}
        follows={follows && !paused && found.row === undefined}
        onFollow={setFollows}
        target={found.target}
        before={bytes.before(shown)}
        attributes={{
          class: "bytes",
          role: "region",
          tabIndex: 0,
          "aria-label": `Bytes of connection ${connection}`,
        }}
        render={(range) =>
          bytes.rows(shown, range).map((row, index) => (
            <Line key={row.key} row={row} marked={range.from + index === found.row} />
          ))}
      />
      {bytes.entries.length === 0 && !trouble && (
        <p class="hint empty">
          {emptyReason(view, { isFollowing, isPaused: paused || allPaused })}
        </p>
      )}
    </section>
  );
}

function emptyReason(
  view: ConnectionView | undefined,
  { isFollowing, isPaused }: { readonly isFollowing: boolean; readonly isPaused: boolean },
): string {
  if (!view) return "no connection of this number is open";
  if (isPaused) return "paused";
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

function save(bytes: ByteView, view: ConnectionView): void {
  const url = URL.createObjectURL(
    new Blob(packetsOf(bytes, view), { type: "application/vnd.tcpdump.pcap" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `netecho-${view.connection}.pcapng`;
  link.click();
  URL.revokeObjectURL(url);
}
