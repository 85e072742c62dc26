/** What a connection says, as far as it is kept. */
import { formatQuantity } from "../../core/units.ts";
import type { Direction } from "../../log/event.ts";
import type { BytesMessage } from "../v1/bytes.ts";
import { type Entry, rowsOf, textRowsOf } from "./byte_rows.ts";
import { ByteView } from "./byte_view.ts";

const MAX_KEPT_BYTES = 4 * 2 ** 20;
const MAX_KEPT_ENTRIES = 20_000;

/** What a connection has said since the log began. */
export class ByteLog {
  #entries: Entry[] = [];
  readonly #dropped = { entries: 0, rows: { text: 0, hex: 0 } };
  readonly #next: Record<Direction, number | undefined> = { in: undefined, out: undefined };
  #kept = 0; // bytes
  #lost = 0; // bytes that were skipped, or are kept no longer

  /** How many entries there were since the beginning. */
  get added(): number {
    return this.#dropped.entries + this.#entries.length;
  }

  /** What is kept now. */
  view(): ByteView {
    return new ByteView([...this.#entries], {
      dropped: structuredClone(this.#dropped),
      lost: this.#lost,
    });
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
      return this.#push({ ...empty, end, note: ENDS[end], textRows: [0] });
    }
    this.#noteGap(message);
    if ("skipped" in message) {
      const { offset, skipped, chunks } = message;
      this.#lost += skipped;
      this.#next[message.direction] = offset + skipped;
      const note = `${formatQuantity(skipped, "byte")} in ${formatQuantity(chunks, "piece")} ` +
        "passed too fast to be shown";
      this.#push({ ...empty, offset, skipped, note, textRows: [0] });
    } else {
      const bytes = Uint8Array.fromBase64(message.bytes);
      this.#next[message.direction] = message.offset + bytes.length;
      const note = bytes.length === 0 ? "an empty datagram" : undefined;
      const textRows = textRowsOf(bytes);
      this.#push({ ...empty, offset: message.offset, bytes, note, textRows });
    }
  }

  // The stream was broken, and went on later.
  #noteGap({ direction, time, offset }: Exclude<BytesMessage, { end: unknown }>): void {
    const expected = this.#next[direction] ?? offset;
    if (offset <= expected) return;
    const skipped = offset - expected;
    this.#lost += skipped;
    this.#push({
      ...{ direction, time, offset: expected, skipped, textRows: [0] },
      bytes: new Uint8Array(),
      end: undefined,
      note: `${formatQuantity(skipped, "byte")} passed while the page was not connected`,
    });
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#kept += entry.bytes.length;
    let stale = 0;
    while (this.#kept > MAX_KEPT_BYTES || this.#entries.length - stale > MAX_KEPT_ENTRIES) {
      const entry = this.#entries[stale++]!;
      this.#kept -= entry.bytes.length;
      this.#lost += entry.bytes.length;
      for (const shown of ["text", "hex"] as const) {
        this.#dropped.rows[shown] += rowsOf(entry, shown);
      }
    }
    this.#dropped.entries += stale;
    if (stale > 0) this.#entries = this.#entries.slice(stale);
  }
}

const ENDS = {
  fin: "end of this direction (FIN)",
  reset: "reset (RST)",
  closed: "closed",
} as const;
