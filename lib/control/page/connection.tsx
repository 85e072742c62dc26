/// <reference lib="dom" />
/** One connection: what it says, and ending it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "./api.ts";
import { Line } from "./byte_line.tsx";
import type { Shown } from "./byte_rows.ts";
import { useFound } from "./byte_search.tsx";
import { ByteTools } from "./byte_tools.tsx";
import { ConnectionBar } from "./connection_bar.tsx";
import { focusOn, goTo, useAction } from "./hooks.ts";
import { ErrorText } from "./parts.tsx";
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
  const close = () => {
    goTo({ ...place, connection: undefined });
    focusOn(".grid");
  };
  return (
    <section
      class="connection"
      aria-label={`Connection ${connection}`}
      onKeyDown={({ key, target }) =>
        key === "Escape" && !(target instanceof HTMLInputElement) && close()}
    >
      <ConnectionBar
        {...{ api, connection, view, run }}
        onClose={close}
      />
      <ByteTools
        {...{ shown, paused, query, found, bytes, view }}
        onShown={setShown}
        onPause={setPaused}
        onQuery={setQuery}
      />
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
