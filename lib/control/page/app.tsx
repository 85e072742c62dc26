/// <reference lib="dom" />
/** The page: endpoints beside the one that is chosen, its connections, and one of those. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Catalog } from "../v1/catalog.ts";
import type { Api } from "./api.ts";
import { commandLine, shortAddress } from "./command_line.ts";
import { Connection } from "./connection.tsx";
import { Connections } from "./connections.tsx";
import { Endpoint } from "./endpoint.tsx";
import { EndpointForm } from "./endpoint_form.tsx";
import { Endpoints } from "./endpoints.tsx";
import { Header } from "./header.tsx";
import { useMedia, usePlace, useStore } from "./hooks.ts";
import { Copyable, Dialog, ErrorText } from "./parts.tsx";
import { Plots } from "./plots.tsx";
import { SignIn } from "./sign_in.tsx";
import type { EndpointView, Store } from "./store.ts";
import { applyTheme, savedTheme } from "./theme.ts";

/** What the page works with. */
export interface AppProps {
  readonly store: Store;
  readonly api: Api;
  /** Tries again, with another token. */
  readonly onToken: (token: string) => void;
}

/** The whole page. */
export function App({ store, api, onToken }: AppProps): JSX.Element {
  const [paused, setPaused] = useState(false);
  const [theme, setTheme] = useState(savedTheme);
  const [catalog, setCatalog] = useState<Catalog>();
  const [copied, setCopied] = useState<readonly string[]>();
  const [adding, setAdding] = useState(false);
  const place = usePlace();
  const isNarrow = useMedia("(max-width: 800px)"); // as in the style sheet
  useStore(store, { paused });
  useLayoutEffect(() => applyTheme(theme), [theme]); // before the plots are painted
  const instance = store.server?.instance;
  useEffect(() => {
    // Another server may be another version.
    if (instance) {
      api.ask<Catalog>("GET /v1/catalog").then(setCatalog, (error: Error) => {
        store.trouble = error.message;
      });
    }
  }, [instance]);
  if (store.asksToken) return <SignIn onToken={onToken} refused={api.token !== ""} />;
  // On a narrow page the panel of a connection is over the rest.
  const isCovered = isNarrow && place.connection !== undefined;
  const endpoint = store.endpoints.get(place.endpoint ?? "");
  const isGone = place.endpoint !== undefined && !endpoint && store.server;
  return (
    <div class={`page${place.connection === undefined ? "" : " with-connection"}`}>
      <Header
        {...{ store, paused, theme, isCovered }}
        onPause={setPaused}
        onTheme={setTheme}
        onCopy={() => setCopied([...store.endpoints.keys()])}
      />
      {store.trouble && <ErrorText>{`${store.trouble}; trying again`}</ErrorText>}
      {store.gaps > 0 && (
        <p class="warn" role="status">
          More happened than the page could follow: what was in between is not shown.
        </p>
      )}
      <div class="side" inert={isCovered}>
        <Endpoints {...{ store, place }} onAdd={() => setAdding(true)} />
        <Plots {...{ store, theme }} />
      </div>
      <main inert={isCovered}>
        {endpoint && catalog && (
          <Endpoint
            key={endpoint.name}
            {...{ api, catalog, endpoint }}
            onCopy={() => setCopied([endpoint.name])}
          />
        )}
        {isGone && <p class="hint">There is no endpoint of this name (any more).</p>}
        <Connections {...{ store, api, place }} />
      </main>
      {instance && place.connection !== undefined && (
        <Connection
          key={`${instance} ${place.connection}`}
          {...{ store, api, place, paused }}
          connection={place.connection}
        />
      )}
      {adding && catalog && <EndpointForm {...{ api, catalog }} onClose={() => setAdding(false)} />}
      {copied && catalog && (
        <Copied
          {...{ catalog }}
          endpoints={copied.flatMap((name) => store.endpoints.get(name) ?? [])}
          seed={store.server?.seed ?? 0}
          onClose={() => setCopied(undefined)}
        />
      )}
    </div>
  );
}

function Copied(
  { endpoints, seed, catalog, onClose }: {
    readonly endpoints: readonly EndpointView[];
    readonly seed: number;
    readonly catalog: Catalog;
    readonly onClose: () => void;
  },
): JSX.Element {
  const mainOf = (kind: string) => catalog.faults.find(({ name }) => name === kind)?.main;
  const json = endpoints.map(({ name, address, service, enabled, options, faults }) => ({
    ...(name !== shortAddress(address) && { name }),
    ...{ address, service, enabled, options },
    faults: faults.map(({ firings: _, ...fault }) => fault),
  }));
  const one = endpoints.length === 1 ? json[0] : { seed, endpoints: json };
  return (
    <Dialog title="The same again" onClose={onClose}>
      <Copyable label="command line" text={commandLine(endpoints, { seed, mainOf })} />
      <Copyable
        label={endpoints.length === 1 ? "JSON, for POST /v1/endpoints" : "JSON, for --config"}
        text={JSON.stringify(one, null, 2)}
      />
    </Dialog>
  );
}
