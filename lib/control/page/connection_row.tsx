/// <reference lib="dom" />
/** A row of the list of connections, and the one above them. */
import type { JSX } from "preact";
import { formatDuration } from "../../core/units.ts";
import { printableText } from "../../terminal/sanitize.ts";
import { shortAddress } from "./command_line.ts";
import { currentRates, noteOf } from "./connection_words.ts";
import { age, bytesAndRate } from "./format.ts";
import type { ConnectionView } from "./store.ts";

const COLUMNS = [
  ["number", "#"],
  ["remote", "remote"],
  ["age", "age"],
  ["in", "in"],
  ["out", "out"],
  ["rtt", "rtt"],
  ["retransmits", "retr."],
  ["note", "faults, TLS, end"],
] as const;

/** The names of the columns. */
export function Head(): JSX.Element {
  return (
    <div role="rowgroup">
      <div role="row" class="row head" aria-rowindex={1}>
        {COLUMNS.map(([name, label]) => (
          <span key={name} role="columnheader" class={`cell ${name}`}>{label}</span>
        ))}
      </div>
    </div>
  );
}

/** A connection. */
export function Row(
  { view, index, now, named, active, selected, onOpen }: {
    readonly view: ConnectionView;
    readonly index: number;
    readonly now: number;
    /** Whether the endpoint is shown. */
    readonly named: boolean;
    readonly active: boolean;
    readonly selected: boolean;
    readonly onOpen: () => void;
  },
): JSX.Element {
  const { connection, endpoint, remote, received, sent, tcp, openedAt, closed } = view;
  const rates = currentRates(view, now);
  const cells: Record<(typeof COLUMNS)[number][0], string> = {
    number: `#${connection}`,
    remote: named ? `${shortAddress(remote)} › ${endpoint}` : shortAddress(remote),
    age: age((closed?.at ?? now) - openedAt),
    in: bytesAndRate(received, rates.received),
    out: bytesAndRate(sent, rates.sent),
    rtt: tcp?.rttMs === undefined ? "" : formatDuration(tcp.rttMs),
    retransmits: tcp?.retransmits === undefined ? "" : String(tcp.retransmits),
    note: noteOf(view),
  };
  const state = `${closed ? " closed" : ""}${selected ? " selected" : ""}${
    active ? " active" : ""
  }`;
  return (
    <div
      role="row"
      id={`connection-${connection}`}
      class={`row${state}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      onClick={onOpen}
    >
      {COLUMNS.map(([name]) => (
        <bdi key={name} role="gridcell" class={`cell ${name}`} title={printableText(cells[name])}>
          {printableText(cells[name])}
        </bdi>
      ))}
    </div>
  );
}
