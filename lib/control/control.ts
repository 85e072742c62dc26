/** The control interface: an HTTP server beside the endpoints, by which they are changed. */
import { NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { Turns } from "../core/turns.ts";
import type { Values } from "../cli/options.ts";
import { type Address, formatAddress, formatHostPort, isInet } from "../net/address.ts";
import { LiveServer, type LiveServerOptions } from "../server/live_server.ts";
import { EventRing } from "./event_ring.ts";
import { guardOf } from "./guard.ts";
import {
  empty,
  findRoute,
  HttpError,
  json,
  readBody,
  type Route,
  type RouteRequest,
  statusOf,
} from "./http.ts";
import { EventCounts } from "./metrics.ts";
import type { controlOptions } from "./options.ts";
import { toxiproxyRoutes } from "./toxiproxy/routes.ts";
import { HEALTH_PATH, v1Routes } from "./v1/routes.ts";

const CLOSE_TIMEOUT_MS = 200; // for answers under way, when the server stops
const REQUEST_ID_BYTES = 10;

/** What the control interface is started with. */
export interface ControlOptions extends LiveServerOptions {
  readonly values: Values<typeof controlOptions>;
}

/** A control interface that listens. */
export interface Control {
  /** Where, as `http://HOST:PORT`. */
  readonly url: string;
  /** Changes nothing any more, as the server stops. */
  freeze(): void;
  /** Ends it; answers under way have a moment to end. */
  close(): Promise<void>;
}

/**
 * Starts the control interface.
 *
 * @throws {UsageError} where the address is not one for it, or nothing says who may use it
 * @throws {NetworkError} where the address cannot be bound
 */
export function startControl(
  address: Address,
  { values, ...options }: ControlOptions,
): Control {
  if (address.transport !== "tcp" && address.transport !== "unix") {
    throw new UsageError(
      `Option --control: HOST:PORT or unix:PATH is needed, not ${formatAddress(address)}`,
    );
  }
  const guard = guardOf(address, values);
  const { log } = options.context;
  const server = new LiveServer(options);
  const [ring, counts] = [new EventRing(log), new EventCounts(log)];
  const toxiproxy = toxiproxyRoutes(server);
  const own = v1Routes({ server, ring, counts });
  const turns = new Turns();
  let frozen = false;
  // One change at a time. Its body is read before its turn: a slow client makes nobody wait.
  const answer = async (route: Route, { request, path }: Asked): Promise<Response> => {
    const { searchParams: query } = new URL(request.url);
    const asked = { path, query, headers: request.headers };
    if (request.method === "GET") return await route.answer({ ...asked, body: "" });
    const body = await readBody(request);
    if (frozen) throw new HttpError(503, "the server is stopping");
    return await turns.run(async () => await route.answer({ ...asked, body }));
  };
  const handle = async (request: Request): Promise<Response> => {
    if (!URL.canParse(request.url)) return plainText(400, "the Host of the request is none\n");
    const { pathname } = new URL(request.url);
    const isOwn = /^\/(v1(\/.*)?|metrics)$/.test(pathname);
    try {
      if (pathname !== HEALTH_PATH) guard.check(request);
      return isOwn
        ? await answerOwn(request, { routes: own, answer })
        : await answerToxiproxy(request, { routes: toxiproxy, answer });
    } catch (error) {
      if (error instanceof HttpError) return plainText(error.status, `${error.message}\n`);
      return json({ error: explain(error) }, 500);
    }
  };
  const over = new AbortController();
  const http = serveHttp(address, { handle: withCommonHeaders(handle), signal: over.signal });
  return {
    url: urlOf(http.addr),
    freeze() {
      frozen = true;
    },
    async close() {
      ring.close();
      counts.close();
      const late = options.context.clock.after(CLOSE_TIMEOUT_MS, () => over.abort());
      await http.shutdown().catch(() => {});
      late();
      await http.finished;
    },
  };
}

function serveHttp(
  address: Address,
  { handle, signal }: {
    readonly handle: (request: Request) => Promise<Response>;
    readonly signal: AbortSignal;
  },
): Deno.HttpServer<Deno.Addr> {
  const common = { signal, onListen() {} };
  try {
    return isInet(address)
      ? Deno.serve({ ...common, hostname: address.hostname || "::", port: address.port }, handle)
      : Deno.serve({ ...common, path: (address as { path: string }).path }, handle);
  } catch (error) {
    throw new NetworkError(
      `Cannot listen on ${formatAddress(address)} for --control: ${explain(error)}`,
      { cause: error },
    );
  }
}

function urlOf(address: Deno.Addr): string {
  if ("path" in address) return `http+unix:${address.path}`;
  return `http://${formatHostPort(address as Deno.NetAddr)}`;
}

// Nothing here is a page, and no page may read it.
function withCommonHeaders(handle: (request: Request) => Promise<Response>) {
  return async (request: Request): Promise<Response> => {
    const response = await handle(request);
    response.headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    response.headers.set("x-content-type-options", "nosniff");
    return response;
  };
}

/** A request, and the parts of its path that its route names. */
interface Asked {
  readonly request: Request;
  readonly path: RouteRequest["path"];
}

/** The routes of an interface, and what answers a request by one of them. */
interface Interface {
  readonly routes: readonly Route[];
  readonly answer: (route: Route, asked: Asked) => Promise<Response>;
}

async function answerOwn(request: Request, { routes, answer }: Interface): Promise<Response> {
  const { pathname } = new URL(request.url);
  try {
    const match = findRoute(routes, { method: request.method, pathname });
    if (!match) throw new HttpError(404, `nothing is at ${pathname}; see /v1/openapi.json`);
    if (!match.route) throw new HttpError(405, `${request.method} is not for ${pathname}`);
    return await answer(match.route, { request, path: match.path });
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    return json({ error: (error as Error).message }, status);
  }
}

// In the form of toxiproxy, which refuses browsers altogether.
async function answerToxiproxy(request: Request, through: Interface): Promise<Response> {
  const response = await toxiproxyResponse(request, through);
  response.headers.set("x-toxiproxy-request-id", requestId());
  return response;
}

async function toxiproxyResponse(
  request: Request,
  { routes, answer }: Interface,
): Promise<Response> {
  if (request.headers.get("user-agent")?.startsWith("Mozilla/")) {
    return plainText(403, "User agent not allowed\n");
  }
  const { pathname } = new URL(request.url);
  const match = findRoute(routes, { method: request.method, pathname });
  if (!match) return plainText(404, "404 page not found\n");
  if (!match.route) return empty(405);
  try {
    return await answer(match.route, { request, path: match.path });
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    return plainText(status, `${JSON.stringify({ error: (error as Error).message, status })}\n`);
  }
}

function plainText(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

function requestId(): string {
  return crypto.getRandomValues(new Uint8Array(REQUEST_ID_BYTES)).toHex();
}
