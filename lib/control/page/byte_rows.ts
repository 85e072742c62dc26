/** How what has passed is cut into rows. */
import { wholeCharacters } from "../../terminal/sanitize.ts";
import type { Direction } from "../../log/event.ts";

const TEXT_ROW_COLUMNS = 120; // that bytes take when they are escaped
/** Bytes in a row of a hex dump. */
export const HEX_ROW_BYTES = 16;
const LINE_FEED = 0x0a;
const FIRST_VISIBLE = 0x20;
const LAST_ASCII = 0x7f;
const ESCAPE_COLUMNS = 4; // of \x1b

/** How bytes are shown. */
export type Shown = "text" | "hex";

/** Something that passed, or a note about it. */
export interface Entry {
  readonly direction: Direction | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Bytes that passed and are not told. */
  readonly skipped: number;
  /** How the direction, or the connection, has ended. */
  readonly end: "fin" | "reset" | "closed" | undefined;
  readonly note: string | undefined;
  /** Where each row of its text begins. */
  readonly textRows: readonly number[];
}

/** How many rows there are of an entry. */
export function rowsOf({ bytes, textRows }: Entry, shown: Shown): number {
  return shown === "hex" ? Math.ceil(bytes.length / HEX_ROW_BYTES) || 1 : textRows.length;
}

/** The row of an entry that has a byte of it. */
export function rowAt(
  { textRows }: Entry,
  { at, shown }: { readonly at: number; readonly shown: Shown },
): number {
  if (shown === "hex") return Math.floor(at / HEX_ROW_BYTES);
  return textRows.findLastIndex((from) => from <= at);
}

/** Where rows of text begin: behind a line feed, or where one is long; never within a character. */
export function textRowsOf(bytes: Uint8Array): number[] {
  const isText = isUtf8(bytes);
  const rows = [0];
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const length = rowLength(rest, isText);
    at += wholeCharacters(rest, length).length || length;
    if (at < bytes.length) rows.push(at);
  }
  return rows;
}

// Bytes until the end of a row, or until what is shown of them fills one.
function rowLength(bytes: Uint8Array, isText: boolean): number {
  let columns = 0;
  for (const [at, byte] of bytes.entries()) {
    const isEscaped = byte < FIRST_VISIBLE || (byte > LAST_ASCII && !isText);
    columns += isEscaped ? ESCAPE_COLUMNS : 1;
    if (byte === LINE_FEED || columns >= TEXT_ROW_COLUMNS) return at + 1;
  }
  return bytes.length;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Bytes as a text that has a character for each, so that they can be searched. */
export function binaryText(bytes: Uint8Array): string {
  return new TextDecoder("x-user-defined").decode(bytes);
}
