/** The control interface: an HTTP server beside the endpoints, by which they are changed. */
import { settlesWithin } from "../core/clock.ts";
import { NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import type { Values } from "../cli/options.ts";
import { type Address, formatAddress, formatHostPort, isInet } from "../net/address.ts";
import { listenOver } from "../net/unix_path.ts";
import { LiveServer, type LiveServerOptions } from "../server/live_server.ts";
import { EventRing } from "./event_ring.ts";
import { type Guard, guardOf } from "./guard.ts";
import { Dispatcher } from "./dispatcher.ts";
import { HttpError, json, plainText } from "./http.ts";
import { controlPage, type Page } from "./page.ts";
import { EventCounts } from "./event_counts.ts";
import { Samples } from "./samples.ts";
import type { controlOptions } from "./options.ts";
import { toxiproxyInterface } from "./toxiproxy/interface.ts";
import { v1Interface } from "./v1/interface.ts";
import { HEALTH_PATH } from "./v1/routes.ts";

const CLOSE_TIMEOUT_MS = 200; // for answers under way, when the server stops

/** What the control interface is started with. */
export interface ControlOptions extends LiveServerOptions {
  readonly values: Values<typeof controlOptions>;
}

/** A control interface that listens. */
export interface Control {
  /** Where, as `http://HOST:PORT`. */
  readonly url: string;
  /** The address of the page, with the token that it needs; undefined where no browser gets there. */
  readonly page: string | undefined;
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
export async function startControl(
  address: Address,
  { values, ...options }: ControlOptions,
): Promise<Control> {
  if (address.transport !== "tcp" && address.transport !== "unix") {
    throw new UsageError(
      `Option --control: HOST:PORT or unix:PATH is needed, not ${formatAddress(address)}`,
    );
  }
  const guard = guardOf(address, values);
  const { log, clock } = options.context;
  const stopping = new AbortController();
  const server = new LiveServer(options);
  const [ring, counts] = [new EventRing(log), new EventCounts(log)];
  const samples = new Samples(server, { counts, clock, onSample: () => ring.wake() });
  const own = v1Interface({
    ...{ server, ring, counts, samples },
    instance: crypto.randomUUID(),
    started: clock.wallTime(),
    stopping: stopping.signal,
  });
  const toxiproxy = toxiproxyInterface(server);
  const dispatcher = new Dispatcher();
  const page = await controlPage();
  const handle = async (request: Request): Promise<Response> => {
    if (!URL.canParse(request.url)) return plainText(400, "the Host of the request is none\n");
    const { pathname } = new URL(request.url);
    const isOwn = /^\/(v1(\/.*)?|metrics)$/.test(pathname);
    try {
      if (pathname === "/") return pageAnswer(request, { page, guard });
      if (pathname !== HEALTH_PATH) guard.check(request);
      return await dispatcher.answer(request, isOwn ? own : toxiproxy);
    } catch (error) {
      if (error instanceof HttpError) return plainText(error.status, `${error.message}\n`);
      return json({ error: explain(error) }, 500);
    }
  };
  const http = await serveHttp(address, withCommonHeaders(handle));
  const url = urlOf(http.addr);
  return {
    url,
    page: url.startsWith("http:") ? pageUrl(url, guard.shownToken) : undefined,
    freeze: () => dispatcher.freeze(),
    async close() {
      ring.close();
      counts.close();
      samples.close();
      stopping.abort();
      await settlesWithin(http.shutdown(), { clock, milliseconds: CLOSE_TIMEOUT_MS });
    },
  };
}

async function serveHttp(
  address: Address,
  handle: (request: Request) => Promise<Response>,
): Promise<Deno.HttpServer<Deno.Addr>> {
  const common = { onListen() {} };
  try {
    if (!isInet(address)) {
      return await listenOver(address, (path) => Deno.serve({ ...common, path }, handle));
    }
    const hostname = address.hostname || "::";
    return Deno.serve({ ...common, hostname, port: address.port }, handle);
  } catch (error) {
    throw new NetworkError(
      `Cannot listen on ${formatAddress(address)} for --control: ${explain(error)}`,
      { cause: error },
    );
  }
}

function pageUrl(url: string, token: string | undefined): string {
  return token === undefined ? url : `${url}/#token=${encodeURIComponent(token)}`;
}

function urlOf(address: Deno.Addr): string {
  if ("path" in address) return `http+unix:${address.path.replace(/^\0/, "@")}`;
  return `http://${formatHostPort(address as Deno.NetAddr)}`;
}

// The page has nothing in it that is secret: a browser that asks for it has no token yet.
function pageAnswer(
  request: Request,
  { page, guard }: { readonly page: Page; readonly guard: Guard },
): Response {
  guard.checkSource(request);
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new HttpError(405, `${request.method} is not for /`);
  }
  return new Response(page.html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": page.policy,
      "cache-control": "no-cache",
      "referrer-policy": "no-referrer",
    },
  });
}

// Nothing else is a page, and no page of another origin may read it.
function withCommonHeaders(handle: (request: Request) => Promise<Response>) {
  return async (request: Request): Promise<Response> => {
    const response = await handle(request);
    const { headers } = response;
    const policy = headers.get("content-security-policy");
    headers.set("content-security-policy", policy ?? "default-src 'none'; frame-ancestors 'none'");
    headers.set("x-content-type-options", "nosniff");
    return response;
  };
}
