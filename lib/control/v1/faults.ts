/** The faults of an endpoint. */
import { withPatterns } from "../../core/byte_pattern.ts";
import type { JsonObject } from "../../core/json.ts";
import type { NamedFault } from "../../faults/endpoint_faults.ts";
import { type FaultSpec, readFault } from "../../faults/parse.ts";
import type { LiveServer } from "../../server/live_server.ts";
import { faultJson, readAnyFault } from "../config.ts";
import { empty, HttpError, json, type Route, route, type RouteRequest } from "../http.ts";
import { findEndpoint, given, readObject } from "./requests.ts";

const FAULTS = "/v1/endpoints/:endpoint/faults";

/** The routes of faults. */
export function faultRoutes(server: LiveServer): Route[] {
  const endpointOf = (request: RouteRequest) => findEndpoint(server, request);
  const faultOf = (request: RouteRequest): NamedFault => {
    const found = endpointOf(request).faults?.get(request.path.get("fault")!);
    if (!found) throw new HttpError(404, `no fault is named ${request.path.get("fault")}`);
    return found;
  };
  return [
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
