/// <reference lib="dom" />
/** A row of the bytes of a connection. */
import type { JSX } from "preact";
import type { ByteRow } from "./byte_view.ts";
import { timeOfDay } from "./format.ts";

/** Time, offset, direction, and what passed. */
export function Line(
  { row, marked }: { readonly row: ByteRow; readonly marked: boolean },
): JSX.Element {
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
