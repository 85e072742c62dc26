/** Tables of named things: services, transports, modes. Help and validation read them. */
import { UsageError } from "./errors.ts";

/** What every entry of a table carries. */
export interface Named {
  /** As the command line writes it. */
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
}

/**
 * The entry with this name.
 *
 * @throws {UsageError} naming the nearest entry when there is none
 * @example
 * ```ts
 * import { find } from "./named.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const colours = [{ name: "red", summary: "warm" }, { name: "blue", summary: "cold" }];
 * assertEquals(find(colours, { name: "blue", kind: "colour" }).summary, "cold");
 * ```
 */
export function find<T extends Pick<Named, "name">>(
  table: readonly T[],
  { name, kind }: { name: string; kind: string },
): T {
  const found = table.find((entry) => entry.name === name);
  if (found) return found;
  const among = table.map((entry) => entry.name);
  throw new UsageError(`Unknown ${kind} "${name}" (known: ${among.join(", ")})`, {
    given: name,
    among,
  });
}
