/** What is shown, as the address bar says it: `#/endpoint/db/connection/17`. */

/** The endpoint and the connection that are chosen. */
export interface Place {
  readonly endpoint?: string | undefined;
  readonly connection?: number | undefined;
}

/**
 * Reads a fragment; what it does not know is nothing chosen.
 *
 * @example
 * ```ts
 * import { readPlace, writePlace } from "./place.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readPlace("#/endpoint/a%2Fb/connection/17"), { endpoint: "a/b", connection: 17 });
 * assertEquals(writePlace({ endpoint: "a/b" }), "#/endpoint/a%2Fb");
 * ```
 */
export function readPlace(fragment: string): Place {
  const [, endpoint, connection] =
    /^#(?:\/endpoint\/([^/]+))?(?:\/connection\/(\d+))?$/.exec(fragment) ?? [];
  return {
    ...(endpoint !== undefined && { endpoint: decoded(endpoint) }),
    ...(connection !== undefined && { connection: Number(connection) }),
  };
}

/** Writes a fragment. */
export function writePlace({ endpoint, connection }: Place): string {
  const parts = [
    ...(endpoint === undefined ? [] : ["endpoint", encodeURIComponent(endpoint)]),
    ...(connection === undefined ? [] : ["connection", String(connection)]),
  ];
  return `#${parts.map((part) => `/${part}`).join("")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The token that the address printed by `--control` has; undefined where it has none. */
export function tokenIn(fragment: string): string | undefined {
  const token = new URLSearchParams(fragment.slice(1)).get("token");
  return token ?? undefined;
}
