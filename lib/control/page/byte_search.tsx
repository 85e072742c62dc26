/// <reference lib="dom" />
/** Searching the bytes of a connection. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ByteLog } from "./byte_log.ts";
import type { Shown } from "./byte_rows.ts";

/** Where the text was found. */
export interface Found {
  readonly rows: readonly number[];
  readonly at: number;
  /** The row to be seen. */
  readonly row: number | undefined;
  readonly step: (by: number) => void;
}

/** The rows that have a text in them; none for no text. */
export function useFound(
  log: ByteLog,
  { query, shown }: { readonly query: string; readonly shown: Shown },
): Found {
  const [at, setAt] = useState(0);
  useEffect(() => setAt(0), [query, shown]);
  const rows = query === "" ? [] : log.find(query, shown);
  const step = (by: number) => setAt((rows.length + at + by) % (rows.length || 1));
  return { rows, at, row: rows[at], step };
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
