/// <reference lib="dom" />
/** Searching the bytes of a connection. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Shown } from "./byte_rows.ts";
import type { ByteView } from "./byte_view.ts";
import type { Target } from "./virtual_rows.tsx";

/** Where the text was found. */
export interface Found {
  readonly rows: readonly number[];
  /** Which of them is chosen. */
  readonly at: number;
  readonly row: number | undefined;
  /** Another object whenever that is to be scrolled to. */
  readonly target: Target | undefined;
  readonly step: (by: number) => void;
}

/** The rows that have a text in them; none for no text. What is chosen stays so as others come. */
export function useFound(
  view: ByteView,
  { query, shown }: { readonly query: string; readonly shown: Shown },
): Found {
  const before = view.before(shown);
  const [chosen, setChosen] = useState(0); // a row, those that are kept no longer counted
  useEffect(() => setChosen(0), [query, shown]);
  const rows = useMemo(() => query === "" ? [] : view.find(query, shown), [view, query, shown]);
  const at = Math.max(0, rows.findIndex((row) => row + before >= chosen));
  const row = rows[at];
  const place = row === undefined ? undefined : row + before;
  // The same place is another row when rows before it are dropped, and need not be scrolled to.
  const target = useMemo(() => row === undefined ? undefined : { row }, [place, query, shown]);
  const step = (by: number) => {
    const next = rows[(rows.length + at + by) % (rows.length || 1)];
    if (next !== undefined) setChosen(next + before);
  };
  return { rows, at, row, target, step };
}

/** The field for the text, and how often it was found. */
export function Search(
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
