/** Daytime (RFC 867): the date and time as a line of text. */
import { answer } from "../answer.ts";
import { defineService } from "../service.ts";

/** The daytime service, in the first of the two forms that the RFC shows, in UTC. */
export const daytime = defineService({
  name: "daytime",
  summary: "send the date and time as text, then close (RFC 867)",
  options: {},
  example: "netecho server :13=daytime",
  amplifies: true,
  handle: (peer, { clock }) =>
    answer(peer, new TextEncoder().encode(daytimeLine(clock.wallTime()))),
});

/**
 * The line for a time in milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { daytimeLine } from "./daytime.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(daytimeLine(0), "Thursday, January 1, 1970 00:00:00-UTC\r\n");
 * ```
 */
export function daytimeLine(time: number): string {
  const date = new Date(time);
  const day = date.toLocaleDateString("en-US", { dateStyle: "full", timeZone: "UTC" });
  return `${day} ${date.toISOString().slice(11, 19)}-UTC\r\n`;
}
