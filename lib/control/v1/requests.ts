/** What the routes under /v1 take from requests. */
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { LiveServer } from "../../server/live_server.ts";
import { HttpError, type RouteRequest } from "../http.ts";

/**
 * The endpoint that a path names.
 *
 * @throws {HttpError} where there is none
 */
export function findEndpoint(server: LiveServer, { path }: RouteRequest): Endpoint {
  const found = server.find(path.get("endpoint")!);
  if (!found) throw new HttpError(404, `no endpoint is named ${path.get("endpoint")}`);
  return found;
}

/** The members that are given: null has the default again. */
export function given(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/**
 * The body of a request.
 *
 * @throws {HttpError} where it is no JSON object
 */
export function readObject({ body: text }: RouteRequest): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // said below
  }
  throw new HttpError(400, "the body is to be a JSON object");
}
