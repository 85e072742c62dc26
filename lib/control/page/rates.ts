/** How much a second. */
import type { Sample } from "../samples.ts";

/**
 * What happened between two samples, for each second.
 *
 * @example
 * ```ts
 * import { perSecond } from "./rates.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const before = { time: 0, open: 0, connections: 0, refused: 0, received: 0, sent: 0, faults: 0 };
 * const after = { ...before, time: 2000, received: 500 };
 * assertEquals(perSecond("received", { before, after }), 250);
 * ```
 */
export function perSecond(
  key: keyof Sample,
  { before, after }: { readonly before: Sample; readonly after: Sample },
): number {
  const seconds = (after.time - before.time) / 1000;
  return seconds > 0 ? Math.max(0, after[key] - before[key]) / seconds : 0;
}
