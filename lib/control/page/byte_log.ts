/** The bytes of one connection that are kept to be shown, as rows of text or of a hex dump. */
import { hexdump } from "../../terminal/hexdump.ts";
import { printable } from "../../terminal/sanitize.ts";
import type { Direction } from "../../log/event.ts";
import {
  binaryText,
  type Entry,
  HEX_ROW_BYTES,
  rowAt,
  rowsOf,
  type Shown,
  textRowsOf,
} from "./byte_rows.ts";
import type { BytesMessage } from "../v1/bytes.ts";

const MAX_KEPT_BYTES = 4 * 2 ** 20;
const MAX_KEPT_ENTRIES = 20_000;

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

/** What a connection has said since the log began. */
export class ByteLog {
  #entries: Entry[] = [];
  #dropped = 0; // entries that are kept no longer
  #kept = 0; // bytes
  /** Bytes that were skipped, or are kept no longer. */
  lost = 0;

  /** What is kept. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Adds a message. */
  add(message: BytesMessage): void {
    const { direction, time } = message;
    const empty = {
      direction,
      time,
      offset: 0,
      bytes: new Uint8Array(),
      skipped: 0,
      end: undefined,
    };
    if ("end" in message) {
      const { end } = message;
      this.#push({ ...empty, end, note: ENDS[end], textRows: [0] });
    } else if ("skipped" in message) {
      const { offset, skipped } = message;
      this.lost += skipped;
      const note = `${skipped.toLocaleString("en")} bytes passed too fast to be shown`;
      this.#push({ ...empty, offset, skipped, note, textRows: [0] });
    } else {
      const bytes = Uint8Array.fromBase64(message.bytes);
      const note = bytes.length === 0 ? "an empty datagram" : undefined;
      const textRows = textRowsOf(bytes);
      this.#push({ ...empty, offset: message.offset, bytes, note, textRows });
    }
  }

  /** How many entries there were since the beginning. */
  get added(): number {
    return this.#dropped + this.#entries.length;
  }

  /** How many rows there are. */
  rowCount(shown: Shown): number {
    return this.#entries.reduce((sum, entry) => sum + rowsOf(entry, shown), 0);
  }

  /** Some of the rows. */
  rows(
    shown: Shown,
    { from, to }: { readonly from: number; readonly to: number },
  ): ByteRow[] {
    const rows: ByteRow[] = [];
    let first = 0; // row of the entry
    for (const [index, entry] of this.#entries.entries()) {
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
    for (const entry of this.#entries) {
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
      key: `${this.#dropped + index}.${row}`,
      direction,
      time: row === 0 ? time : undefined,
      offset,
      text: note ?? (shown === "hex" ? hexdump(piece, { offset })[0]! : printable(piece)),
      isNote: note !== undefined,
    };
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#kept += entry.bytes.length;
    let stale = 0;
    while (this.#kept > MAX_KEPT_BYTES || this.#entries.length - stale > MAX_KEPT_ENTRIES) {
      const { bytes } = this.#entries[stale++]!;
      this.#kept -= bytes.length;
      this.lost += bytes.length;
    }
    this.#dropped += stale;
    if (stale > 0) this.#entries = this.#entries.slice(stale);
  }
}

const ENDS = {
  fin: "end of this direction (FIN)",
  reset: "reset (RST)",
  closed: "closed",
} as const;
