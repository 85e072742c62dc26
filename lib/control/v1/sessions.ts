/** Sessions: who is connected, and ending them. */
import { type Address, formatAddress } from "../../net/address.ts";
import type { Session } from "../../server/session.ts";
import type { SessionState } from "../../server/session_state.ts";
import type { LiveServer } from "../../server/live_server.ts";
import { roundMs } from "../../core/units.ts";
import { bytesAnswer } from "./bytes.ts";
import { empty, HttpError, json, type Route, route, type RouteRequest } from "../http.ts";

const CLOSED = { reason: "control", detail: "closed by the control interface" } as const;
const RESET = { reason: "control", detail: "reset by the control interface" } as const;

/** The routes of sessions. */
export function sessionRoutes(server: LiveServer, stopping: AbortSignal): Route[] {
  const sessionOf = ({ path }: RouteRequest): Session => {
    const number = Number(path.get("session"));
    for (const session of server.sessions()) {
      if (number > 0 && session.connection === number) return session;
    }
    throw new HttpError(404, `no connection ${path.get("session")} is open`);
  };
  return [
    route("GET", "/v1/sessions", ({ query }) => {
      const [endpoint, numbers] = [query.get("endpoint"), query.getAll("connection").map(Number)];
      const wanted = [...server.sessions()].filter((session) =>
        (endpoint === null || session.endpoint === endpoint) &&
        (numbers.length === 0 || numbers.includes(session.connection))
      );
      return json(wanted.flatMap(({ state }) => state ?? []).map(sessionJson));
    }),
    route(
      "GET",
      "/v1/sessions/:session",
      (request) => json(sessionJson(sessionOf(request).state!)),
    ),
    route("GET", "/v1/sessions/:session/bytes", (request) => {
      const { clock } = server.context;
      return bytesAnswer(sessionOf(request), { clock, stopping });
    }),
    route("DELETE", "/v1/sessions/:session", (request) => {
      sessionOf(request).end(CLOSED);
      return empty();
    }),
    route("POST", "/v1/sessions/:session/reset", (request) => {
      sessionOf(request).reset(RESET);
      return empty();
    }),
  ];
}

/** A session as JSON: addresses as the command line writes them, `openedAt` as ISO 8601. */
export type SessionJson =
  & Omit<SessionState, "remote" | "local" | "via" | "upstream" | "openedAt">
  & {
    readonly remote: string;
    readonly local: string;
    readonly via: string | undefined;
    readonly upstream: string | undefined;
    readonly openedAt: string;
  };

/** A session as the interface shows it. */
export function sessionJson(
  { remote, local, via, upstream, openedAt, elapsedMs, ...state }: SessionState,
): SessionJson {
  const text = (address: Address | undefined) => address && formatAddress(address);
  return {
    ...state,
    remote: formatAddress(remote),
    local: formatAddress(local),
    via: text(via),
    upstream: text(upstream),
    openedAt: new Date(openedAt).toISOString(),
    elapsedMs: roundMs(elapsedMs),
  };
}
