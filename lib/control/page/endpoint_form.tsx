/// <reference lib="dom" />
/** Adding an endpoint, or changing one. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Catalog, OptionJson } from "../v1/catalog.ts";
import { type Api, endpointPath } from "./api.ts";
import { goTo, useAction } from "./hooks.ts";
import { Parameter } from "./parameter.tsx";
import { Dialog, ErrorText } from "./parts.tsx";
import type { EndpointView } from "./store.ts";

/** What the form is made with; without an endpoint it adds one. */
export interface EndpointFormProps {
  readonly api: Api;
  readonly catalog: Catalog;
  readonly endpoint?: EndpointView;
  readonly onClose: () => void;
}

/** The form of an endpoint, in a dialog. */
export function EndpointForm({ api, catalog, endpoint, onClose }: EndpointFormProps): JSX.Element {
  const [name, setName] = useState("");
  const [address, setAddress] = useState(endpoint?.address ?? "");
  const [service, setService] = useState(endpoint?.service ?? catalog.services[0]!.name);
  const [given, setGiven] = useState<ReadonlyMap<string, string>>(() => textsOf(endpoint));
  const [error, run] = useAction();
  const { own, rest } = optionsFor({ catalog, address, service });
  const send = async (event: Event) => {
    event.preventDefault();
    const options = valuesOf([...own, ...rest], { given, before: textsOf(endpoint) });
    const body = { address, service, options };
    if (endpoint) {
      const changed = address === endpoint.address ? { service, options } : body;
      if (await run(() => api.ask(`PATCH ${endpointPath(endpoint.name)}`, { body: changed }))) {
        onClose();
      }
      return;
    }
    const added = await run(async () => {
      const { name: added } = await api.ask<{ name: string }>("POST /v1/endpoints", {
        body: { ...body, ...(name !== "" && { name }) },
      });
      goTo({ endpoint: added });
    });
    if (added) onClose();
  };
  const field = (option: OptionJson) => (
    <Parameter
      key={`${service}-${option.name}`}
      option={option}
      owner="endpoint"
      described
      value={given.get(option.name) ?? ""}
      onChange={(value) => setGiven(new Map(given).set(option.name, value))}
    />
  );
  return (
    <Dialog title={endpoint ? `Change ${endpoint.name}` : "Add an endpoint"} onClose={onClose}>
      <form onSubmit={send}>
        {endpoint
          ? <p class="hint">Its connections are closed, and its name and faults stay.</p>
          : <Parameter option={NAME} owner="endpoint" value={name} described onChange={setName} />}
        <Parameter
          option={ADDRESS}
          owner="endpoint"
          value={address}
          described
          onChange={setAddress}
        />
        <div class="parameter">
          <label for="endpoint-service">service</label>
          <select
            id="endpoint-service"
            value={service}
            onChange={({ currentTarget }) => setService(currentTarget.value)}
          >
            {catalog.services.map(({ name, summary }) => (
              <option key={name} value={name} title={summary}>{name}</option>
            ))}
          </select>
        </div>
        <p class="hint">{catalog.services.find((each) => each.name === service)?.summary}</p>
        <div class="parameters">{own.map(field)}</div>
        <details>
          <summary>who is served, and how</summary>
          <div class="parameters">{rest.map(field)}</div>
        </details>
        {error && <ErrorText>{error}</ErrorText>}
        <button type="submit" class="main">{endpoint ? "change" : "add"}</button>
      </form>
    </Dialog>
  );
}

const NAME: OptionJson = {
  name: "name",
  summary: "what the endpoint is called (default: its address)",
  placeholder: "NAME",
};
const ADDRESS: OptionJson = {
  name: "address",
  summary:
    "where it listens: HOST:PORT, :PORT, tls://…, udp://… or unix:PATH; port 0 is any free one",
  placeholder: "127.0.0.1:0",
};

// Options of its service, and of its transport and all endpoints.
function optionsFor(
  { catalog, address, service }: {
    readonly catalog: Catalog;
    readonly address: string;
    readonly service: string;
  },
): { readonly own: readonly OptionJson[]; readonly rest: readonly OptionJson[] } {
  const transport = catalog.transports.find(({ scheme }) => address.startsWith(scheme)) ??
    catalog.transports.find(({ name }) => name === "tcp");
  return {
    own: catalog.services.find(({ name }) => name === service)?.options ?? [],
    rest: [...transport?.options ?? [], ...catalog.endpoint],
  };
}

function textsOf(endpoint: EndpointView | undefined): Map<string, string> {
  const options = Object.entries(endpoint?.options ?? {});
  return new Map(options.map(([key, value]) => [key, [value].flat().join("\n")]));
}

// What is empty now, and was not, is to have its default again.
function valuesOf(
  options: readonly OptionJson[],
  { given, before }: {
    readonly given: ReadonlyMap<string, string>;
    readonly before: ReadonlyMap<string, string>;
  },
): Record<string, string | string[] | null> {
  const known = new Set(options.map(({ name }) => name));
  const gone = [...before.keys()].filter((name) => !known.has(name));
  const values = options.flatMap(
    ({ name, repeatable }): [string, string | string[] | null][] => {
      const text = given.get(name) ?? "";
      if (text === "") return before.has(name) ? [[name, null]] : [];
      return [[name, repeatable ? linesOf(text) : text]];
    },
  );
  return Object.fromEntries([...gone.map((name) => [name, null] as const), ...values]);
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
