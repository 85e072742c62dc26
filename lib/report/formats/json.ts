/** The result as it is, for programs. */
import type { Report } from "../format.ts";

/** The JSON report. */
export const json: Report = {
  name: "json",
  summary: "the whole result, as one JSON document",
  extension: "json",
  render: (result) => `${JSON.stringify(result, null, 2)}\n`,
};
