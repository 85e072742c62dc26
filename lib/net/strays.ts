/** Datagrams from others than the peer. */
import { formatHostPort, type InetAddress } from "./address.ts";
import { formatQuantity } from "../core/units.ts";

const MAX_SENDERS = 16; // told apart by their addresses

/** How many datagrams came from each address that was not asked. */
export type StrayCounts = ReadonlyMap<string, number>;

/** Counts datagrams by the address that they came from. */
export class Strays {
  readonly counts = new Map<string, number>();

  add(from: InetAddress): void {
    const address = formatHostPort(from);
    const known = this.counts.has(address) || this.counts.size < MAX_SENDERS;
    const key = known ? address : "others";
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

/**
 * Says what came from whom; undefined where nothing did.
 *
 * @example
 * ```ts
 * import { describeStrays } from "./strays.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const counts = new Map([["127.0.0.1:19398", 3]]);
 * assertEquals(describeStrays(counts), "3 answers from 127.0.0.1:19398, which was not asked");
 * ```
 */
export function describeStrays(counts: StrayCounts | undefined): string | undefined {
  if (!counts || counts.size === 0) return undefined;
  const each = [...counts].map(([from, count]) =>
    `${formatQuantity(count, "answer")} from ${from}`
  );
  return `${each.join(", ")}, which ${counts.size === 1 ? "was" : "were"} not asked`;
}

/** A message, and behind it what came from others, if anything did. */
export function withStrays(message: string, counts: StrayCounts | undefined): string {
  const others = describeStrays(counts);
  return others ? `${message}; ${others}` : message;
}
