/// <reference lib="dom" />
/** Which connection it is, and ending it. */
import type { JSX } from "preact";
import type { Api } from "./api.ts";
import { shortAddress } from "./command_line.ts";
import { Name } from "./parts.tsx";
import type { ConnectionView } from "./store.ts";

/** What the bar shows and does. */
export interface ConnectionBarProps {
  readonly api: Api;
  readonly connection: number;
  readonly view: ConnectionView | undefined;
  /** Runs what may fail. */
  readonly run: (action: () => Promise<unknown>) => Promise<boolean>;
  readonly onClose: () => void;
}

/** The bar of a connection. */
export function ConnectionBar(
  { api, connection, view, run, onClose }: ConnectionBarProps,
): JSX.Element {
  const path = `/v1/sessions/${connection}`;
  const isOver = !view || Boolean(view.closed);
  return (
    <div class="bar">
      <h2>
        #{connection} {view && <Name>{shortAddress(view.remote)}</Name>}
      </h2>
      {view && <Facts view={view} />}
      <span class="tools">
        <button
          type="button"
          disabled={isOver}
          onClick={() => run(() => api.ask(`DELETE ${path}`))}
        >
          close (FIN)
        </button>
        <button
          type="button"
          disabled={isOver}
          onClick={() => run(() => api.ask(`POST ${path}/reset`))}
        >
          reset (RST)
        </button>
        <button type="button" class="quiet" onClick={onClose} aria-label="Close the panel">
          ×
        </button>
      </span>
    </div>
  );
}

function Facts({ view }: { readonly view: ConnectionView }): JSX.Element {
  const { endpoint, service, local, upstream, via, tls, alpn } = view;
  const facts = [
    `${endpoint} (${service})`,
    ...(upstream ? [`to ${shortAddress(upstream)}`] : [`at ${shortAddress(local)}`]),
    ...(via ? [`via ${shortAddress(via)}`] : []),
    ...(tls ? [[tls.protocol, tls.cipher, tls.serverName, alpn].filter(Boolean).join(" ")] : []),
  ];
  return (
    <span class="hint">
      <Name>{facts.join("; ")}</Name>
    </span>
  );
}
