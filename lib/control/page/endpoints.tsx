/// <reference lib="dom" />
/** The endpoints, to choose one. */
import type { JSX } from "preact";
import { formatByteRate, formatCount, formatQuantity } from "../../core/units.ts";
import { shortAddress } from "./command_line.ts";
import { Name } from "./parts.tsx";
import { type Place, writePlace } from "./place.ts";
import type { EndpointView, Store } from "./store.ts";

/** The list of endpoints. */
export function Endpoints(
  { store, place, onAdd }: {
    readonly store: Store;
    readonly place: Place;
    readonly onAdd: () => void;
  },
): JSX.Element {
  const { endpoints } = store;
  return (
    <nav class="endpoints" aria-label="Endpoints">
      <div class="bar">
        <h2>Endpoints</h2>
        <button type="button" class="quiet" onClick={onAdd}>+ add</button>
      </div>
      <ul>
        <li>
          <a href={writePlace({})} aria-current={place.endpoint === undefined ? "page" : undefined}>
            all endpoints <span class="hint">{formatCount(endpoints.size)}</span>
          </a>
        </li>
        {[...endpoints.values()].map((endpoint) => (
          <Item
            key={endpoint.name}
            endpoint={endpoint}
            current={endpoint.name === place.endpoint}
          />
        ))}
      </ul>
    </nav>
  );
}

function Item(
  { endpoint, current }: { readonly endpoint: EndpointView; readonly current: boolean },
): JSX.Element {
  const { name, address, enabled, sample, rates, faults } = endpoint;
  const striking = faults.length === 0 ? "" : ` · ${formatQuantity(faults.length, "fault")}`;
  const state = enabled
    ? `${formatCount(sample.open)} open · ${formatByteRate(rates.received + rates.sent)}`
    : "off";
  return (
    <li>
      <a href={writePlace({ endpoint: name })} aria-current={current ? "page" : undefined}>
        <span class={`dot${enabled ? " on" : ""}`} aria-hidden="true" />
        <Name>{name}</Name>
        {name !== shortAddress(address) && (
          <span class="hint address">
            <Name>{shortAddress(address)}</Name>
          </span>
        )}
        <span class="hint state">{state}{striking}</span>
      </a>
    </li>
  );
}
