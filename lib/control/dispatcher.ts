/** Finding the route of a request, and having it answered in the words of its interface. */
import { Turns } from "../core/turns.ts";
import { findRoute, HttpError, readBody, type Route, type RouteRequest, statusOf } from "./http.ts";

/** Routes, and how their interface says what is wrong. */
export interface Interface {
  readonly routes: readonly Route[];
  /** The answer to a request that is refused whatever it asks for; undefined for others. */
  refuse?(request: Request): Response | undefined;
  notFound(pathname: string): Response;
  notAllowed(request: { readonly method: string; readonly pathname: string }): Response;
  failed(status: number, message: string): Response;
  /** Adds to an answer what every answer has. */
  finish?(response: Response): void;
}

/** Answers requests: changes one at a time. */
export class Dispatcher {
  readonly #turns = new Turns();
  #frozen = false;

  /** Has every change be refused from now on. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Answers a request by the routes of an interface. */
  async answer(request: Request, by: Interface): Promise<Response> {
    const response = by.refuse?.(request) ?? await this.#answer(request, by);
    by.finish?.(response);
    return response;
  }

  async #answer(request: Request, by: Interface): Promise<Response> {
    const { method } = request;
    const { pathname, searchParams: query } = new URL(request.url);
    const match = findRoute(by.routes, { method, pathname });
    if (!match) return by.notFound(pathname);
    const { route, path } = match;
    if (!route) return by.notAllowed({ method, pathname });
    try {
      return await this.#inTurn(route, { request, path, query });
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      return by.failed(status, (error as Error).message);
    }
  }

  // A body is read before the turn of its change: a slow client makes nobody wait.
  async #inTurn(
    { answer }: Route,
    { request, ...asked }: Pick<RouteRequest, "path" | "query"> & { readonly request: Request },
  ): Promise<Response> {
    const { headers, method } = request;
    if (method === "GET") return await answer({ ...asked, headers, body: "" });
    const body = await readBody(request);
    if (this.#frozen) throw new HttpError(503, "the server is stopping");
    return await this.#turns.run(async () => await answer({ ...asked, headers, body }));
  }
}
