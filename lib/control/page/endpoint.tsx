/// <reference lib="dom" />
/** The endpoint that is chosen. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatCount } from "../../core/units.ts";
import { printableText } from "../../terminal/sanitize.ts";
import type { Catalog } from "../v1/catalog.ts";
import { type Api, endpointPath } from "./api.ts";
import { shortAddress } from "./command_line.ts";
import { EndpointForm } from "./endpoint_form.tsx";
import { Faults } from "./faults.tsx";
import { goTo, useAction } from "./hooks.ts";
import { BothRates, Dialog, ErrorText, Name, Switch } from "./parts.tsx";
import type { EndpointView } from "./store.ts";

/** What the endpoint is drawn with. */
export interface EndpointProps {
  readonly api: Api;
  readonly catalog: Catalog;
  readonly endpoint: EndpointView;
  readonly onCopy: () => void;
}

/** An endpoint: what it is and does, its switch, and its faults. */
export function Endpoint({ api, catalog, endpoint, onCopy }: EndpointProps): JSX.Element {
  const { name, address, service, enabled, options, sample, rates } = endpoint;
  const [error, run] = useAction();
  const [open, setOpen] = useState<"change" | "remove">();
  const close = () => setOpen(undefined);
  const path = endpointPath(name);
  const upstream = [options.to ?? []].flat().join(", ");
  const others = Object.entries(options).filter(([key]) => key !== "to");
  const remove = async () => {
    if (!await run(() => api.ask(`DELETE ${path}`))) return;
    close();
    goTo({});
  };
  return (
    <section class="endpoint" aria-label={printableText(`Endpoint ${name}`)}>
      <div class="bar">
        <h2>
          <Name>{name}</Name>
        </h2>
        <span class="where">
          <Name>{shortAddress(address)}</Name> {service} {upstream && (
            <>
              → <Name>{upstream}</Name>
            </>
          )}
        </span>
        <Switch
          on={enabled}
          label={`Endpoint ${name}`}
          onChange={(on) => run(() => api.ask(`PATCH ${path}`, { body: { enabled: on } }))}
        />
        <span class="tools">
          <button type="button" class="quiet" onClick={() => setOpen("change")}>change</button>
          <button type="button" class="quiet" onClick={onCopy}>copy</button>
          <button type="button" class="quiet" onClick={() => setOpen("remove")}>remove</button>
        </span>
      </div>
      <p class="figures">
        <span>
          <b>{formatCount(sample.open)}</b> open
        </span>
        <span>
          <b>{formatCount(sample.connections)}</b> served
        </span>
        <span>
          <b>{formatCount(sample.refused)}</b> refused
        </span>
        <BothRates rates={rates} />
        {others.map(([key, value]) => (
          <span key={key}>
            {key} <Name>{[value].flat().join(", ")}</Name>
          </span>
        ))}
      </p>
      {error && open !== "remove" && <ErrorText>{error}</ErrorText>}
      <Faults {...{ api, catalog, endpoint }} />
      {open === "change" && <EndpointForm {...{ api, catalog, endpoint }} onClose={close} />}
      {open === "remove" && (
        <Dialog title={`Remove ${name}?`} onClose={close}>
          <p>It stops listening, and its connections are closed.</p>
          {error && <ErrorText>{error}</ErrorText>}
          <button type="button" class="main" onClick={remove}>remove</button>
        </Dialog>
      )}
    </section>
  );
}
