/** Endpoints of every service. */
import { formatAddress } from "../../net/address.ts";
import { parseAddress } from "../../net/parse_address.ts";
import { transportOf } from "../../net/transports.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { LiveServer } from "../../server/live_server.ts";
import { keyName } from "../../cli/options.ts";
import { admissionOptions } from "../../server/options.ts";
import { NetworkError } from "../../core/errors.ts";
import type { EndpointWords } from "../../server/endpoint_spec.ts";
import type { JsonObject } from "../../core/json.ts";
import { configOf, objectOf, readConfigured } from "../config.ts";
import { empty, HttpError, json, type Route, route, type RouteRequest } from "../http.ts";
import type { EventCounts } from "../event_counts.ts";
import { findEndpoint, given, readObject } from "./requests.ts";

const CHANGEABLE = ["address", "service", "options"];

/** The routes of endpoints. */
export function endpointRoutes(server: LiveServer, counts: EventCounts): Route[] {
  const stateOf = (endpoint: Endpoint) => endpointState(endpoint, counts);
  const endpointOf = (request: RouteRequest) => findEndpoint(server, request);
  return [
    route("GET", "/v1/endpoints", () => json([...server.endpoints].map(stateOf))),
    route("POST", "/v1/endpoints", async (request) => {
      const { words, faults } = await readConfigured(readObject(request));
      return json(stateOf(await server.add(words, faults)), 201);
    }),
    route("GET", "/v1/endpoints/:endpoint", (request) => json(stateOf(endpointOf(request)))),
    route("PATCH", "/v1/endpoints/:endpoint", async (request) => {
      const endpoint = endpointOf(request);
      await changeEndpoint(server, endpoint, readObject(request));
      return json(stateOf(endpoint));
    }),
    route("DELETE", "/v1/endpoints/:endpoint", async (request) => {
      await server.remove(endpointOf(request));
      return empty();
    }),
  ];
}

// A member that is absent stays as it is; an option that is null has its default again. Another
// service, and another transport, begin without options of their own.
async function changeEndpoint(
  server: LiveServer,
  endpoint: Endpoint,
  changes: JsonObject,
): Promise<void> {
  const { name, enabled, ...rest } = changes;
  const stray = Object.keys(rest).find((key) => !CHANGEABLE.includes(key));
  if (stray !== undefined) throw new HttpError(400, `${stray} cannot be changed here`);
  if (name !== undefined && name !== endpoint.name) {
    throw new HttpError(400, "the name of an endpoint does not change");
  }
  if (enabled !== undefined && typeof enabled !== "boolean") {
    throw new HttpError(400, "enabled: true or false is needed");
  }
  if (enabled === false) await server.disable(endpoint);
  if (Object.keys(rest).length > 0) {
    const { options, ...before } = configOf(endpoint);
    const asked = {
      ...stayingOptions(endpoint, { ...before, ...rest, options }),
      ...objectOf("options", rest.options ?? {}),
    };
    const { words } = await readConfigured({
      ...before,
      ...rest,
      options: given(asked),
      faults: [],
      enabled: undefined,
    });
    await changeOrKeep(server, { endpoint, words, old: { ...before, options, faults: [] } });
  }
  if (enabled === true) await server.enable(endpoint);
}

// Where the new address cannot be bound, the endpoint goes on as it was.
async function changeOrKeep(
  server: LiveServer,
  { endpoint, words, old }: {
    readonly endpoint: Endpoint;
    readonly words: EndpointWords;
    readonly old: JsonObject;
  },
): Promise<void> {
  const wasEnabled = endpoint.listener !== undefined;
  try {
    await server.change(endpoint, words);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    await server.change(endpoint, (await readConfigured(old)).words);
    if (wasEnabled) await server.enable(endpoint);
    throw error;
  }
}

function stayingOptions(
  { spec: { service: before, transport } }: Endpoint,
  { options, service, address }: {
    readonly options: JsonObject;
    readonly service: unknown;
    readonly address: unknown;
  },
): JsonObject {
  const same = {
    service: service === before.name,
    transport: transportOf(parseAddress(String(address))) === transport,
  };
  const staying = Object.keys({
    ...admissionOptions,
    ...(same.service && before.options),
    ...(same.transport && transport.listenOptions),
  }).map(keyName);
  return Object.fromEntries(Object.entries(options).filter(([key]) => staying.includes(key)));
}

function endpointState(endpoint: Endpoint, counts: EventCounts): object {
  const { name, address, totals } = endpoint;
  const { connections, open, refused, received, sent } = totals;
  return {
    ...configOf(endpoint),
    name,
    address: formatAddress(address),
    totals: {
      connections,
      open,
      refused,
      received,
      sent,
      acceptFailures: counts.acceptFailures(name),
      faults: Object.fromEntries(counts.faults(name)),
    },
  };
}
