/** What toxiproxy's interface says: errors, proxies and toxics, in its words. */
import type { NetworkError } from "../../core/errors.ts";
import type { NamedFault } from "../../faults/endpoint_faults.ts";
import { attributesOf, isToxicType, streamOf } from "../../faults/toxic_spec.ts";
import { type Address, formatAddress, formatHostPort, isInet } from "../../net/address.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import { HttpError } from "../http.ts";

/** The version of toxiproxy whose interface this is. */
export const TOXIPROXY_VERSION = "2.12.0";

/** toxiproxy's errors. */
export const ERRORS = {
  proxyNotFound: () => new HttpError(404, "proxy not found"),
  toxicNotFound: () => new HttpError(404, "toxic not found"),
  proxyExists: () => new HttpError(409, "proxy already exists"),
  toxicExists: () => new HttpError(409, "toxic already exists"),
  missing: (field: string) => new HttpError(400, `missing required field: ${field}`),
  badBody: (why: string) => new HttpError(400, `bad request body: ${why}`),
  stream: () => new HttpError(400, "stream was invalid, can be either upstream or downstream"),
  toxicType: () => new HttpError(400, "invalid toxic type"),
};

/** A proxy as JSON. */
export interface Proxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly Toxic[];
}

/** A toxic as JSON. */
export interface Toxic {
  readonly name: string;
  readonly type: string;
  readonly stream: string;
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Whether toxiproxy's interface knows an endpoint. */
export function isProxy({ spec: { service } }: Endpoint): boolean {
  return service.name === "forward";
}

/** An endpoint as a proxy. */
export function proxyOf(endpoint: Endpoint): Proxy {
  const { name, listener } = endpoint;
  return {
    name,
    listen: listenOf(endpoint),
    upstream: upstreamOf(endpoint),
    enabled: listener !== undefined,
    toxics: toxicsOf(endpoint).map(listed),
  };
}

/** Where a proxy listens: as Go writes it or, before its first start, as it was given. */
export function listenOf({ address, spec }: Endpoint): string {
  return isInet(address) && address === spec.address ? spec.written : goAddress(address);
}

/** An address as Go writes it. */
export function goAddress(address: Address): string {
  if (!isInet(address)) return formatAddress(address);
  const shown = { ...address, hostname: address.hostname === "" ? "::" : address.hostname };
  return address.transport === "tcp" ? formatHostPort(shown) : formatAddress(shown);
}

/** What a proxy forwards to, as it was given; several with commas between. */
export function upstreamOf({ spec: { given } }: Endpoint): string {
  return given.filter(([key]) => key === "to").map(([, text]) => text).join(",");
}

/** The faults of an endpoint in toxiproxy's order: those of upstream first. */
export function toxicsOf({ faults }: Pick<Endpoint, "faults">): NamedFault[] {
  const all = [...faults ?? []];
  return ["upstream", "downstream"].flatMap((stream) =>
    all.filter(({ spec }) => streamOf(spec) === stream)
  );
}

/** A fault as a toxic. */
export function toxicOf({ name, spec }: NamedFault): Toxic {
  const { fault: { name: type }, common: { toxicity } } = spec;
  return { name, type, stream: streamOf(spec), toxicity, attributes: attributesOf(spec) };
}

/**
 * A fault in a list of toxics. A strict client fails at a type that it does not know, even where
 * another client has added it: there it is a latency of nothing, beside what it really is.
 */
export function listed(fault: NamedFault): Toxic & { readonly kind?: string } {
  const toxic = toxicOf(fault);
  if (isToxicType(toxic.type)) return toxic;
  const { type: kind, attributes: parameters } = toxic;
  return {
    ...toxic,
    type: "latency",
    attributes: { latency: 0, jitter: 0 },
    ...{ kind, parameters },
  };
}

/** An error in toxiproxy's words. */
export function listenError(error: NetworkError, listen: string): HttpError {
  const { cause } = error;
  const reason = REASONS.find(([type]) => cause instanceof type)?.[1];
  return new HttpError(500, reason ? `listen tcp ${listen}: bind: ${reason}` : error.message);
}

const REASONS = [
  [Deno.errors.AddrInUse, "address already in use"],
  [Deno.errors.PermissionDenied, "permission denied"],
  [Deno.errors.AddrNotAvailable, "cannot assign requested address"],
] as const;
