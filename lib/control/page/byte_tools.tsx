/// <reference lib="dom" />
/** How the bytes of a connection are shown, searching them, and saving them. */
import type { JSX } from "preact";
import { formatSize } from "../../core/units.ts";
import type { Shown } from "./byte_rows.ts";
import { type Found, Search } from "./byte_search.tsx";
import type { ByteView } from "./byte_view.ts";
import { packetsOf } from "./packets.ts";
import type { ConnectionView } from "./store.ts";

/** What the tools show and do. */
export interface ByteToolsProps {
  readonly shown: Shown;
  readonly paused: boolean;
  readonly query: string;
  readonly found: Found;
  readonly bytes: ByteView;
  readonly view: ConnectionView | undefined;
  readonly onShown: (shown: Shown) => void;
  readonly onPause: (paused: boolean) => void;
  readonly onQuery: (query: string) => void;
}

/** The tools above the bytes. */
export function ByteTools(
  { shown, paused, query, found, bytes, view, onShown, onPause, onQuery }: ByteToolsProps,
): JSX.Element {
  return (
    <div class="bar">
      <fieldset class="choice">
        <legend class="unseen">How bytes are shown</legend>
        {(["text", "hex"] as const).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="shown"
              checked={shown === each}
              onChange={() => onShown(each)}
            />
            {each}
          </label>
        ))}
      </fieldset>
      <button type="button" aria-pressed={paused} onClick={() => onPause(!paused)}>
        pause
      </button>
      <Search query={query} onQuery={onQuery} found={found} />
      <button
        type="button"
        disabled={!view || bytes.entries.length === 0}
        onClick={() => save(bytes, view!)}
      >
        save as pcapng
      </button>
      {bytes.lost > 0 && <span class="warn">{formatSize(bytes.lost)} not kept</span>}
    </div>
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
