/** Requests and answers of the control interface. */
import { concat } from "@std/bytes/concat";
import { NetworkError, UsageError } from "../core/errors.ts";
import { NameTakenError } from "../server/live_server.ts";
import { settlesWithin, systemClock } from "../core/clock.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const BODY_TIMEOUT_MS = 10_000;

/** A request that a route answers. */
export interface RouteRequest {
  /** The parts of the path that the pattern names. */
  readonly path: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
}

/** Answers one kind of request. */
export interface Route {
  readonly methods: readonly string[];
  /** Words between slashes; one that begins with a colon matches any, and has that name. */
  readonly path: string;
  readonly answer: (request: RouteRequest) => Response | Promise<Response>;
}

/** Declares a route; `methods` are words with spaces between. */
export function route(methods: string, path: string, answer: Route["answer"]): Route {
  return { methods: methods.split(" "), path, answer };
}

/** A request that cannot be answered as it should: its status, and why. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The status that tells of an error; undefined where it is a mistake of the program. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpError) return error.status;
  if (error instanceof NameTakenError) return 409;
  if (error instanceof UsageError) return 400;
  if (error instanceof NetworkError) return 500;
  return undefined;
}

/** What a request asks for among some routes. */
export interface Match {
  /** Undefined where the path is known, and the method is not. */
  readonly route: Route | undefined;
  readonly path: ReadonlyMap<string, string>;
}

/** Finds the route of a path; undefined where there is none. */
export function findRoute(
  routes: readonly Route[],
  { method, pathname }: { readonly method: string; readonly pathname: string },
): Match | undefined {
  let known: Match | undefined;
  for (const route of routes) {
    const path = matchPath(route.path, pathname);
    if (!path) continue;
    if (route.methods.includes(method)) return { route, path };
    known = { route: undefined, path };
  }
  return known;
}

function matchPath(pattern: string, pathname: string): Map<string, string> | undefined {
  const [wanted, given] = [pattern.split("/"), pathname.split("/")];
  if (wanted.length !== given.length) return undefined;
  const names = new Map<string, string>();
  for (const [index, word] of wanted.entries()) {
    const part = given[index]!;
    if (!word.startsWith(":")) {
      if (word !== part) return undefined;
      continue;
    }
    const decoded = decodedPart(part);
    if (!decoded) return undefined;
    names.set(word.slice(1), decoded);
  }
  return names;
}

function decodedPart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/**
 * Reads a body of bounded length in bounded time.
 *
 * @throws {HttpError} where it is too long or too slow
 */
export async function readBody(request: Request): Promise<string> {
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > MAX_BODY_BYTES) throw new HttpError(413, "a body of at most 1 MiB is needed");
      chunks.push(next.value);
    }
  })();
  const inTime = await settlesWithin(reading, {
    clock: systemClock,
    milliseconds: BODY_TIMEOUT_MS,
  });
  if (!inTime) {
    reader.cancel().catch(() => {});
    throw new HttpError(408, "the body did not come in time");
  }
  await reading;
  return new TextDecoder().decode(concat(chunks));
}

/** An answer in JSON. */
export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json" },
  });
}

/** An answer of a status alone. */
export function empty(status = 204): Response {
  return new Response(null, { status });
}

/** An answer in words. */
export function plainText(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
