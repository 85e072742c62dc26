/// <reference lib="dom" />
/** Adding a fault. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Catalog, FaultKindJson, OptionJson } from "../v1/catalog.ts";
import { type Api, endpointPath } from "./api.ts";
import { useAction } from "./hooks.ts";
import { Parameter } from "./parameter.tsx";
import { Dialog, ErrorText } from "./parts.tsx";
import type { EndpointView } from "./store.ts";

/** What the form is made with. */
export interface AddFaultProps {
  readonly api: Api;
  readonly catalog: Catalog;
  readonly endpoint: EndpointView;
  readonly onClose: () => void;
}

/** The form of a new fault, made from the tables of the help. */
export function AddFault(
  { api, catalog, endpoint, onClose }: AddFaultProps,
): JSX.Element {
  const kinds = catalog.faults.filter(({ only }) => fits(only, endpoint));
  const [kind, setKind] = useState<FaultKindJson>(kinds[0]!);
  const [given, setGiven] = useState<ReadonlyMap<string, string>>(new Map());
  const [error, run] = useAction();
  const choose = (name: string) => {
    setKind(kinds.find((each) => each.name === name)!);
    setGiven(new Map());
  };
  const add = async (event: Event) => {
    event.preventDefault();
    const body = { kind: kind.name, ...Object.fromEntries([...given].filter(([, text]) => text)) };
    const path = endpointPath(endpoint.name, "faults");
    if (await run(() => api.ask(`POST ${path}`, { body }))) onClose();
  };
  return (
    <Dialog title={`Add a fault to ${endpoint.name}`} onClose={onClose}>
      <form onSubmit={add}>
        <div class="parameter">
          <label for="new-kind">kind</label>
          <select
            id="new-kind"
            value={kind.name}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
          >
            {kinds.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </select>
        </div>
        <p class="hint">{kind.summary}</p>
        <div class="parameters">
          {[...kind.options, ...kind.selectors.filter(({ name }) => name !== "enabled"), NAME].map((
            option,
          ) => (
            <Parameter
              key={`${kind.name}-${option.name}`}
              option={option}
              owner="new"
              described
              value={given.get(option.name) ?? ""}
              onChange={(value) => setGiven(new Map(given).set(option.name, value))}
            />
          ))}
        </div>
        {error && <ErrorText>{error}</ErrorText>}
        <button type="submit" class="main">add</button>
      </form>
    </Dialog>
  );
}

const NAME: OptionJson = {
  name: "name",
  summary: "what the fault is called (default: its kind and direction)",
  placeholder: "NAME",
};

function fits(only: FaultKindJson["only"], { address }: EndpointView): boolean {
  return only === undefined || (only === "datagrams") === address.startsWith("udp:");
}
