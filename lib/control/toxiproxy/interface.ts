/** toxiproxy's interface: its errors are JSON that calls itself plain text. */
import type { LiveServer } from "../../server/live_server.ts";
import type { Interface } from "../dispatcher.ts";
import { empty, plainText } from "../http.ts";
import { toxiproxyRoutes } from "./routes.ts";

const REQUEST_ID_BYTES = 10;

/** toxiproxy's interface to a server. */
export function toxiproxyInterface(server: LiveServer): Interface {
  return {
    routes: toxiproxyRoutes(server),
    // Pages of the web could reach it otherwise.
    refuse: ({ headers }) =>
      headers.get("user-agent")?.startsWith("Mozilla/")
        ? plainText(403, "User agent not allowed\n")
        : undefined,
    notFound: () => plainText(404, "404 page not found\n"),
    notAllowed: () => empty(405),
    failed: (status, error) => plainText(status, `${JSON.stringify({ error, status })}\n`),
    finish: ({ headers }) => headers.set("x-toxiproxy-request-id", requestId()),
  };
}

function requestId(): string {
  return crypto.getRandomValues(new Uint8Array(REQUEST_ID_BYTES)).toHex();
}
