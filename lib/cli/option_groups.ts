/** Options by their owner: a transport, a service, a mode. */
import { OTHER_MEANINGS } from "./nc_hints.ts";
import { UsageError } from "../core/errors.ts";
import { optionName, type OptionTable } from "./options.ts";

/** The owner of some options. */
export interface OptionOwner {
  /** Its name in messages, as in `service reply`. */
  readonly label: string;
  readonly options: OptionTable;
}

/**
 * Groups options by their owners for a help page; an option that several share is listed once.
 *
 * @example
 * ```ts
 * import { sectionsOf } from "./option_groups.ts";
 * import { flag } from "./options.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const proxyProtocol = flag({ summary: "expect a PROXY header" });
 * const owners = ["tcp", "tls"].map((label) => ({ label, options: { proxyProtocol } }));
 * const [section] = sectionsOf(owners);
 * assertEquals(section, { title: "for tcp, tls", options: { proxyProtocol } });
 * ```
 */
export function sectionsOf(
  owners: readonly OptionOwner[],
): { title: string; options: OptionTable }[] {
  const all = owners.flatMap(({ options }) => Object.entries(options));
  const sections = Map.groupBy(new Map(all), ([key]) => labelsOf(key, owners));
  return [...sections].map(([labels, entries]) => ({
    title: `for ${labels}`,
    options: Object.fromEntries(entries),
  }));
}

/**
 * Refuses an option that would be ignored.
 *
 * @throws {UsageError} naming its owners
 */
export function rejectForeign(
  given: ReadonlySet<string>,
  { present, owners, where = "here" }: {
    readonly present: readonly OptionTable[];
    readonly owners: readonly OptionOwner[];
    /** Where it does not apply: `with --ping`. */
    readonly where?: string;
  },
): void {
  for (const key of given) {
    if (present.some((options) => Object.hasOwn(options, key))) continue;
    const short = owners.find(({ options }) => Object.hasOwn(options, key))?.options[key]?.short;
    const other = short && OTHER_MEANINGS.get(short);
    throw new UsageError(
      `Option ${optionName(key)} does not apply ${where}: it is for ${labelsOf(key, owners)}` +
        (other ? `; ${other}` : ""),
    );
  }
}

function labelsOf(key: string, owners: readonly OptionOwner[]): string {
  return owners.filter(({ options }) => Object.hasOwn(options, key)).map(({ label }) => label).join(
    ", ",
  );
}
