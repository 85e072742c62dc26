/** What can be asked for: kinds of faults, services and transports, from the tables of the help. */
import { keyName, type Option, type OptionTable } from "../../cli/options.ts";
import { faults } from "../../faults/kinds.ts";
import { commonOptions, selectionOptions } from "../../faults/selectors.ts";
import { scheme } from "../../net/address.ts";
import { transports } from "../../net/transports.ts";
import { admissionOptions } from "../../server/options.ts";
import { services } from "../../server/services.ts";

/** An option or a parameter. */
export interface OptionJson {
  readonly name: string;
  readonly summary: string;
  /** What its value is, as the help has it: D, SIZE, RATE, SHARE, N; absent for a flag. */
  readonly placeholder?: string | undefined;
  readonly default?: string | undefined;
  /** The words that the value may be, where there are but a few. */
  readonly words?: readonly string[] | undefined;
  readonly repeatable?: boolean | undefined;
}

/** Something that has a name, and options of its own. */
export interface CatalogEntry {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionJson[];
}

/** A kind of fault. */
export interface FaultKindJson extends CatalogEntry {
  /** The parameter that stands after the colon on the command line. */
  readonly main?: string | undefined;
  readonly only?: "datagrams" | "streams" | undefined;
  /** Which connections it strikes, which way, and when. */
  readonly selectors: readonly OptionJson[];
}

/** All that can be asked for. */
export interface Catalog {
  readonly faults: readonly FaultKindJson[];
  readonly services: readonly CatalogEntry[];
  readonly transports: readonly (Omit<CatalogEntry, "summary"> & { readonly scheme: string })[];
  /** The options of every endpoint. */
  readonly endpoint: readonly OptionJson[];
}

/** The catalog of this program. */
export function catalog(): Catalog {
  return {
    faults: faults.map(({ name, summary, options, main, only, atAccept }) => ({
      ...{ name, summary, main, only },
      options: parametersOf(options),
      selectors: parametersOf(atAccept ? selectionOptions : commonOptions)
        .filter(({ name }) => name !== "on" && name !== "name"),
    })),
    services: services.map(({ name, summary, options }) => ({
      ...{ name, summary },
      options: optionsOf(options),
    })),
    transports: transports.map(({ name, listenOptions }) => ({
      ...{ name, scheme: scheme(name) },
      options: optionsOf(listenOptions),
    })),
    endpoint: optionsOf(admissionOptions),
  };
}

function optionsOf(table: OptionTable): OptionJson[] {
  return Object.entries(table).map(([key, option]) => optionJson(keyName(key), option));
}

function parametersOf(table: OptionTable): OptionJson[] {
  return Object.entries(table).map(([name, option]) => optionJson(name, option));
}

function optionJson(name: string, option: Option<unknown>): OptionJson {
  const { summary, placeholder, defaultText, words, repeatable } = option;
  return { name, summary, placeholder, default: defaultText, words, repeatable };
}
