/** netecho's own interface: JSON, errors with a sentence. */
import type { Interface } from "../dispatcher.ts";
import { json } from "../http.ts";
import type { V1Context } from "./context.ts";
import { v1Routes } from "./routes.ts";

/** The interface under /v1. */
export function v1Interface(context: V1Context): Interface {
  const failed = (status: number, error: string) => json({ error }, status);
  return {
    routes: v1Routes(context),
    notFound: (pathname) => failed(404, `nothing is at ${pathname}; see /v1/openapi.json`),
    notAllowed: ({ method, pathname }) => failed(405, `${method} is not for ${pathname}`),
    failed,
  };
}
