/** An endpoint as `GET /v1/state` tells it. */
import { formatAddress } from "../../net/address.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import { configOf, type FaultJson, faultJson } from "../config.ts";
import { type Sample, sampleOf } from "../samples.ts";
import type { EventCounts, Firings } from "../event_counts.ts";

/** An endpoint, its faults in netecho's words, and what they have done. */
export interface EndpointJson {
  readonly name: string;
  readonly address: string;
  readonly service: string;
  readonly enabled: boolean;
  readonly options: Readonly<Record<string, string | readonly string[]>>;
  /** What it has done until now. */
  readonly sample: Sample;
  readonly faults: readonly (FaultJson & { readonly firings?: Firings | undefined })[];
}

/** What is told of an endpoint that has changed. */
export function endpointJson(
  endpoint: Endpoint,
  { counts, time }: { readonly counts: EventCounts; readonly time: number },
): EndpointJson {
  const { name, address, faults = [] } = endpoint;
  const { service, enabled, options } = configOf(endpoint);
  const firings = counts.firings(name);
  return {
    ...{ name, address: formatAddress(address), service, enabled, options },
    sample: sampleOf(endpoint.totals, { time, faults: counts.struck(name) }),
    faults: [...faults].map((fault) => ({
      ...faultJson(fault),
      firings: firings.get(fault.name),
    })),
  };
}
