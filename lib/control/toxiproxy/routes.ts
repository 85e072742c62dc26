/** toxiproxy's interface: endpoints with service forward are proxies. */
import type { LiveServer } from "../../server/live_server.ts";
import { empty, json, type Route, route } from "../http.ts";
import { Proxies } from "./proxies.ts";
import { listed, proxyOf, toxicOf, toxicsOf, TOXIPROXY_VERSION } from "./words.ts";

const CHANGE = "POST PATCH";

/** The routes of toxiproxy. */
export function toxiproxyRoutes(server: LiveServer): Route[] {
  const proxies = new Proxies(server);
  return [
    route("GET", "/version", () => {
      const body = `{"version": "${TOXIPROXY_VERSION}"}\n`;
      return new Response(body, { headers: { "content-type": "application/json;charset=utf-8" } });
    }),
    route("GET", "/proxies", () => json(proxies.all())),
    route("POST", "/proxies", async (request) => json(await proxies.create(request), 201)),
    route("GET", "/proxies/:proxy", (request) => json(proxyOf(proxies.get(request)))),
    route(CHANGE, "/proxies/:proxy", async (request) => json(await proxies.change(request))),
    route("DELETE", "/proxies/:proxy", async (request) => {
      await server.remove(proxies.get(request));
      return empty();
    }),
    route(
      "GET",
      "/proxies/:proxy/toxics",
      (request) => json(toxicsOf(proxies.get(request)).map(listed)),
    ),
    route(
      "POST",
      "/proxies/:proxy/toxics",
      async (request) => json(toxicOf(await proxies.addToxic(request))),
    ),
    route(
      "GET",
      "/proxies/:proxy/toxics/:toxic",
      (request) => json(toxicOf(proxies.toxic(request))),
    ),
    route(
      CHANGE,
      "/proxies/:proxy/toxics/:toxic",
      async (request) => json(toxicOf(await proxies.changeToxic(request))),
    ),
    route("DELETE", "/proxies/:proxy/toxics/:toxic", (request) => {
      server.removeFault(proxies.get(request), proxies.toxic(request).name);
      return empty();
    }),
    route("POST", "/reset", async () => {
      await proxies.reset();
      return empty();
    }),
    route("POST", "/populate", async (request) => await proxies.populate(request)),
  ];
}
