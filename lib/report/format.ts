/** What a report is. Each is one file here and one line in `formats.ts`. */
import type { BenchResult } from "./result.ts";
import type { Named } from "../core/named.ts";

/** One way to show a result, of a load or of another kind. */
export interface Report<R = BenchResult> extends Named {
  /** Of the files that it is kept in, without the dot. */
  readonly extension: string;
  /** Pure: the same result gives the same text. */
  render(result: R): string | Promise<string>;
}
