/** netecho's own routes. */
import program from "../../../deno.json" with { type: "json" };
import { configOf } from "../config.ts";
import { metricsText } from "../metrics.ts";
import { json, type Route, route } from "../http.ts";
import document from "../openapi.json" with { type: "json" };
import { captureAnswer } from "./captures.ts";
import { catalog } from "./catalog.ts";
import type { V1Context } from "./context.ts";
import { endpointRoutes } from "./endpoints.ts";
import { eventsAnswer } from "./events.ts";
import { faultRoutes } from "./faults.ts";
import { sessionRoutes } from "./sessions.ts";
import { stateAnswer } from "./state.ts";

/** Where the health of the server is asked for; nobody needs a token there. */
export const HEALTH_PATH = "/v1/health";

/** The routes under /v1, and /metrics. */
export function v1Routes(context: V1Context): Route[] {
  const { server, ring, counts, stopping, started } = context;
  const { clock } = server.context;
  return [
    route("GET", "/v1", () => {
      const { endpoints, seed } = server;
      const { connections, open, refused, received, sent } = endpoints.totals;
      return json({
        version: program.version,
        seed,
        upMs: Math.round(clock.wallTime() - started),
        totals: { connections, open, refused, received, sent },
        nextEvent: ring.next,
      });
    }),
    route("GET", HEALTH_PATH, () => json({ status: "ok" })),
    route("GET", "/v1/openapi.json", () => json(document)),
    route(
      "GET",
      "/v1/config",
      () => json({ seed: server.seed, endpoints: [...server.endpoints].map(configOf) }),
    ),
    route("GET", "/v1/events", (request) => eventsAnswer(request, { ring, clock })),
    route("GET", "/v1/state", (request) => stateAnswer(request, context)),
    route("GET", "/v1/catalog", () => json(catalog())),
    route("GET", "/v1/capture", (request) => captureAnswer(request, { server, stopping })),
    route("GET", "/metrics", () =>
      new Response(metricsText(server, counts), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      })),
    ...endpointRoutes(server, counts),
    ...faultRoutes(server),
    ...sessionRoutes(server, stopping),
  ];
}
