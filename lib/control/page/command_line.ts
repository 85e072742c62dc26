/** The command line that gives an endpoint, or a fault, as it is. */
import { quote } from "../../core/quotes.ts";
import type { FaultJson } from "../config.ts";
import type { EndpointJson } from "../v1/endpoint_json.ts";

/** What says which parameter of a kind of fault stands after the colon. */
export type MainOf = (kind: string) => string | undefined;

/**
 * A fault as `--fault` reads it.
 *
 * @example
 * ```ts
 * import { faultText } from "./command_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const fault = { name: "slow", kind: "latency", latency: "200ms", jitter: "50ms" };
 * assertEquals(faultText(fault, () => "latency"), "latency:200ms,jitter=50ms,name=slow");
 * ```
 */
export function faultText({ name, kind, ...given }: FaultJson, mainOf: MainOf): string {
  const main = mainOf(kind);
  const pairs = Object.entries(given as Readonly<Record<string, string>>);
  const value = pairs.find(([key]) => key === main)?.[1];
  const rest = pairs.filter(([key]) => key !== main);
  const head = value === undefined ? kind : `${kind}:${itemText(value)}`;
  return [head, ...[...rest, ["name", name] as const].map(pairText)].join(",");
}

/** The command that opens endpoints with their faults, as a POSIX shell reads it. */
export function commandLine(
  endpoints: readonly EndpointJson[],
  { seed, mainOf }: { readonly seed: number; readonly mainOf: MainOf },
): string {
  const faults = endpoints.flatMap(({ name, faults }) =>
    faults.flatMap(({ firings: _, ...fault }) => [
      "--fault",
      `${faultText(fault, mainOf)},${pairText(["on", name])}`,
    ])
  );
  const seeded = faults.length > 0 ? ["--seed", String(seed)] : [];
  return ["netecho", "server", ...endpoints.map(endpointText), ...faults, ...seeded]
    .map(shellWord).join(" ");
}

function endpointText({ name, address, service, enabled, options }: EndpointJson): string {
  const given = Object.entries(options).flatMap(([key, value]) =>
    [value].flat().map((each) => [key, each] as const)
  );
  const own = [
    ...(name === shortAddress(address) ? [] : [["name", name] as const]),
    ...(enabled ? [] : [["enabled", "false"] as const]),
  ];
  return [`${address}=${service}`, ...[...own, ...given].map(pairText)].join(",");
}

/** An address without `tcp://`, which is also what an endpoint is called that is given no name. */
export function shortAddress(address: string): string {
  return address.replace(/^tcp:\/\//, "");
}

/** A word as a POSIX shell reads it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function pairText([key, value]: readonly [key: string, value: string]): string {
  return `${key}=${itemText(value)}`;
}

// An item ends at a comma that is followed by a key; quotes protect it.
function itemText(value: string): string {
  return value === "" || value.startsWith('"') || /,[a-z][a-z0-9_-]*=/.test(value)
    ? quote(value)
    : value;
}
