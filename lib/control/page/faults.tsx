/// <reference lib="dom" />
/** The faults of an endpoint: tuned, switched, added and removed. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatQuantity } from "../../core/units.ts";
import { printableText } from "../../terminal/sanitize.ts";
import type { Catalog, OptionJson } from "../v1/catalog.ts";
import { AddFault } from "./add_fault.tsx";
import { type Api, faultPath } from "./api.ts";
import { timeOfDay } from "./format.ts";
import { focusOn, useAction } from "./hooks.ts";
import { Parameter } from "./parameter.tsx";
import { ErrorText, Name, Switch } from "./parts.tsx";
import type { EndpointView } from "./store.ts";

type FaultView = EndpointView["faults"][number];

/** What the faults are drawn with. */
export interface FaultsProps {
  readonly api: Api;
  readonly catalog: Catalog;
  readonly endpoint: EndpointView;
}

/** The faults of an endpoint. */
export function Faults({ api, catalog, endpoint }: FaultsProps): JSX.Element {
  const [adding, setAdding] = useState(false);
  return (
    <section class="faults" aria-label="Faults">
      {endpoint.faults.map((fault) => (
        <Fault key={`${fault.kind} ${fault.name}`} {...{ api, catalog, endpoint, fault }} />
      ))}
      <button type="button" class="add" onClick={() => setAdding(true)}>+ add a fault</button>
      {adding && <AddFault {...{ api, catalog, endpoint }} onClose={() => setAdding(false)} />}
    </section>
  );
}

function Fault(
  { api, catalog, endpoint, fault }: FaultsProps & { readonly fault: FaultView },
): JSX.Element {
  const [error, run, clear] = useAction();
  const [isOpen, setOpen] = useState(false);
  const kind = catalog.faults.find(({ name }) => name === fault.kind);
  const path = faultPath(endpoint.name, fault.name);
  const given = givenOf(fault);
  const isOn = given.get("enabled") !== "false";
  const [changed, setChanged] = useState<{ name: string; from: string | undefined }>();
  const change = (name: string, value: string) => {
    setChanged({ name, from: given.get(name) });
    return run(() => api.ask(`PATCH ${path}`, { body: { [name]: value === "" ? null : value } }));
  };
  // A refusal holds until what was to be changed has another value.
  const isPast = changed !== undefined && given.get(changed.name) !== changed.from;
  const remove = async () => {
    setChanged(undefined);
    if (await run(() => api.ask(`DELETE ${path}`))) focusOn(".faults .add");
  };
  const fields = (options: readonly OptionJson[]) =>
    options.filter(({ name }) => name !== "enabled").map((option) => (
      <Parameter
        key={option.name}
        option={option}
        owner={`${endpoint.name}-${fault.name}`}
        value={given.get(option.name) ?? ""}
        onChange={(value) => change(option.name, value)}
        onSame={clear}
      />
    ));
  const selectors = kind?.selectors ?? [];
  const isGiven = ({ name }: OptionJson) => given.has(name);
  return (
    <article class={`fault${isOn ? "" : " off"}`} aria-label={printableText(`Fault ${fault.name}`)}>
      <div class="bar">
        <h3 title={kind?.summary}>
          {fault.kind}{" "}
          <span class="hint">
            <Name>{fault.name}</Name>
          </span>
        </h3>
        <Fired fault={fault} />
        <span class="tools">
          <button
            type="button"
            class="quiet"
            aria-expanded={isOpen}
            onClick={() =>
              setOpen(!isOpen)}
          >
            where and when
          </button>
          <Switch
            on={isOn}
            label={`Fault ${fault.name}`}
            onChange={(on) =>
              change("enabled", on ? "" : "false")}
          />
          <button
            type="button"
            class="quiet"
            aria-label={printableText(`Remove fault ${fault.name}`)}
            onClick={remove}
          >
            ×
          </button>
        </span>
      </div>
      <div class="parameters">
        {fields(kind?.options ?? [])}
        {fields(selectors.filter((option) => isOpen || isGiven(option)))}
      </div>
      {error && !isPast && <ErrorText>{error}</ErrorText>}
    </article>
  );
}

function Fired({ fault: { firings } }: { readonly fault: FaultView }): JSX.Element {
  if (!firings) return <span class="hint">has not struck</span>;
  const { count, last, detail } = firings;
  return (
    <span class="hint" title={printableText(detail)}>
      struck {formatQuantity(count, "time")}, last {timeOfDay(last)}: <Name>{detail}</Name>
    </span>
  );
}

function givenOf({ name: _, kind: __, firings: ___, ...given }: FaultView): Map<string, string> {
  return new Map(Object.entries(given as Readonly<Record<string, string>>));
}
