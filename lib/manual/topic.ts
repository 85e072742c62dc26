/** What a topic of `netecho help` is. Each is one file in `topics/` and one line in `topics.ts`. */
import { describeOption, type HelpPage, type Row } from "../cli/help.ts";
import type { OptionTable } from "../cli/options.ts";

/** Something to explain besides options. */
export interface Topic {
  readonly name: string;
  readonly summary: string;
  readonly page: HelpPage;
}

/** A row for each parameter, as `KEY=VALUE`; `write` makes the key that is written. */
export function parameterRows(
  table: OptionTable,
  write: (key: string) => string = (key) => key,
): Row[] {
  return Object.entries(table).map(([key, option]) => [
    `${write(key)}=${option.placeholder ?? "true"}`,
    describeOption(option),
  ]);
}
