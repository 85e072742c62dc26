/** Endpoints of every service, and their faults. */
import { formatAddress, parseAddress } from "../../net/address.ts";
import { transportOf } from "../../net/transports.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { NamedFault } from "../../faults/endpoint_faults.ts";
import type { LiveServer } from "../../server/live_server.ts";
import { keyName } from "../../cli/options.ts";
import { admissionOptions } from "../../server/options.ts";
import { NetworkError } from "../../core/errors.ts";
import type { EndpointWords } from "../../server/endpoint_spec.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { withPatterns } from "../../core/byte_pattern.ts";
import { type FaultSpec, readFault } from "../../faults/parse.ts";
import { configOf, faultJson, objectOf, readAnyFault, readConfigured } from "../config.ts";
import { empty, HttpError, json, type Route, route, type RouteRequest } from "../http.ts";
import type { EventCounts } from "../event_counts.ts";

const CHANGEABLE = ["address", "service", "options"];
const FAULTS = "/v1/endpoints/:endpoint/faults";

/** The routes of endpoints and faults. */
export function endpointRoutes(server: LiveServer, counts: EventCounts): Route[] {
  const stateOf = (endpoint: Endpoint) => endpointState(endpoint, counts);
  const endpointOf = ({ path }: RouteRequest): Endpoint => {
    const found = server.find(path.get("endpoint")!);
    if (!found) throw new HttpError(404, `no endpoint is named ${path.get("endpoint")}`);
    return found;
  };
  const faultOf = (request: RouteRequest): NamedFault => {
    const found = endpointOf(request).faults?.get(request.path.get("fault")!);
    if (!found) throw new HttpError(404, `no fault is named ${request.path.get("fault")}`);
    return found;
  };
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
    route("GET", FAULTS, (request) => json([...endpointOf(request).faults ?? []].map(faultJson))),
    route("POST", FAULTS, async (request) => {
      const endpoint = endpointOf(request);
      const spec = await readAnyFault(readObject(request));
      return json(faultJson(server.addFault(endpoint, spec)), 201);
    }),
    route("GET", `${FAULTS}/:fault`, (request) => json(faultJson(faultOf(request)))),
    route("PATCH", `${FAULTS}/:fault`, async (request) => {
      const endpoint = endpointOf(request);
      const fault = faultOf(request);
      const { name, spec: { fault: { name: kind } } } = fault;
      const changes = readObject(request);
      for (const [key, value] of Object.entries({ name, kind })) {
        if (changes[key] === undefined || changes[key] === value) continue;
        throw new HttpError(400, `the ${key} of a fault does not change`);
      }
      const spec = switched(fault.spec, changes) ??
        await withPatterns(() => changed(fault, changes));
      server.updateFault(endpoint, name, spec);
      return json(faultJson({ name, spec }));
    }),
    route("DELETE", `${FAULTS}/:fault`, (request) => {
      server.removeFault(endpointOf(request), faultOf(request).name);
      return empty();
    }),
  ];
}

// A fault that is switched and stays as it is otherwise: a toxic may have values that a fault may not.
function switched(spec: FaultSpec, changes: JsonObject): FaultSpec | undefined {
  const { enabled, ...others } = changes;
  if (Object.keys(others).length > 0 || enabled === undefined) return undefined;
  const { common: { enabled: isEnabled } } = readFault({ kind: "noop", ...given({ enabled }) });
  const rest = spec.given.filter(([key]) => key !== "enabled");
  return {
    ...spec,
    given: isEnabled ? rest : [...rest, ["enabled", "false"]],
    common: { ...spec.common, enabled: isEnabled },
  };
}

function changed(fault: NamedFault, changes: JsonObject): FaultSpec {
  return readFault(given({ ...faultJson(fault), ...changes }));
}

// What is null is not given.
function given(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
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
    const { words: old } = await readConfigured({ ...before, options, faults: [] });
    await changeOrKeep(server, { endpoint, words, old });
  }
  if (enabled === true) await server.enable(endpoint);
}

// Where the new address cannot be bound, the endpoint goes on as it was.
async function changeOrKeep(
  server: LiveServer,
  { endpoint, words, old }: {
    readonly endpoint: Endpoint;
    readonly words: EndpointWords;
    readonly old: EndpointWords;
  },
): Promise<void> {
  const wasEnabled = endpoint.listener !== undefined;
  try {
    await server.change(endpoint, words);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    await server.change(endpoint, old);
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

// The body of a request, which is an object.
function readObject({ body: text }: RouteRequest): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // said below
  }
  throw new HttpError(400, "the body is to be a JSON object");
}
