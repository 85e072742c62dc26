/** What is kept of a connection at a moment, as rows of text or of a hex dump. */
import { hexdump } from "../../terminal/hexdump.ts";
import { printable } from "../../terminal/sanitize.ts";
import type { Direction } from "../../log/event.ts";
import { binaryText, type Entry, HEX_ROW_BYTES, rowAt, rowsOf, type Shown } from "./byte_rows.ts";

/** A line to show. */
export interface ByteRow {
  /** The number of the entry since the beginning, and of the row in it: what it is known by. */
  readonly key: string;
  readonly direction: Direction | undefined;
  /** Absent in the rows that follow the first of an entry. */
  readonly time: number | undefined;
  readonly offset: number;
  readonly text: string;
  readonly isNote: boolean;
}

/** What was kept no longer when a view was taken. */
export interface Dropped {
  readonly entries: number;
  readonly rows: Readonly<Record<Shown, number>>;
}

/** The bytes that are kept at a moment; what comes later does not change it. */
export class ByteView {
  readonly entries: readonly Entry[];
  /** Bytes that were skipped, or are kept no longer. */
  readonly lost: number;
  readonly #dropped: Dropped;

  constructor(
    entries: readonly Entry[],
    { dropped, lost }: { readonly dropped: Dropped; readonly lost: number },
  ) {
    this.entries = entries;
    this.lost = lost;
    this.#dropped = dropped;
  }

  /** How many rows were before the first one. */
  before(shown: Shown): number {
    return this.#dropped.rows[shown];
  }

  /** How many rows there are. */
  rowCount(shown: Shown): number {
    return this.entries.reduce((sum, entry) => sum + rowsOf(entry, shown), 0);
  }

  /** Some of the rows. */
  rows(
    shown: Shown,
    { from, to }: { readonly from: number; readonly to: number },
  ): ByteRow[] {
    const rows: ByteRow[] = [];
    let first = 0; // row of the entry
    for (const [index, entry] of this.entries.entries()) {
      const count = rowsOf(entry, shown);
      const [start, end] = [Math.max(from, first), Math.min(to, first + count)];
      for (let row = start; row < end; row++) {
        rows.push(this.#row(entry, { index, row: row - first, shown }));
      }
      first += count;
      if (first >= to) break;
    }
    return rows;
  }

  /** The rows in which a text begins, whatever the case of its letters. */
  find(text: string, shown: Shown): number[] {
    const wanted = binaryText(new TextEncoder().encode(text)).toLowerCase();
    if (wanted === "") return [];
    const tails = { in: "", out: "" }; // of what was said before in each direction
    const found: number[] = [];
    let first = 0;
    for (const entry of this.entries) {
      const { direction, bytes } = entry;
      if (direction && entry.skipped > 0) tails[direction] = "";
      if (direction && bytes.length > 0) {
        const tail = tails[direction];
        const said = tail + binaryText(bytes).toLowerCase();
        for (let at = said.indexOf(wanted); at >= 0; at = said.indexOf(wanted, at + 1)) {
          const row = first + rowAt(entry, { at: Math.max(0, at - tail.length), shown });
          if (found.at(-1) !== row) found.push(row);
        }
        tails[direction] = wanted.length > 1 ? said.slice(1 - wanted.length) : "";
      }
      first += rowsOf(entry, shown);
    }
    return found;
  }

  #row(
    entry: Entry,
    { index, row, shown }: { readonly index: number; readonly row: number; readonly shown: Shown },
  ): ByteRow {
    const { direction, time, bytes, note } = entry;
    const [from, to] = shown === "hex"
      ? [row * HEX_ROW_BYTES, (row + 1) * HEX_ROW_BYTES]
      : [entry.textRows[row]!, entry.textRows[row + 1] ?? bytes.length];
    const offset = entry.offset + from;
    const piece = bytes.subarray(from, to);
    return {
      key: `${this.#dropped.entries + index}.${row}`,
      direction,
      time: row === 0 ? time : undefined,
      offset,
      text: note ?? (shown === "hex" ? hexdump(piece, { offset })[0]! : printable(piece)),
      isNote: note !== undefined,
    };
  }
}
