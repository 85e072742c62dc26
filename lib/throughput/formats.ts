/** The reports of a test: the same as those of a load. */
import type { Report } from "../report/format.ts";
import type { ThroughputResult } from "./result.ts";
import { headLine, intervalLine, summaryText } from "./text.ts";

const text: Report<ThroughputResult> = {
  name: "text",
  summary: "intervals, and what they come to",
  extension: "txt",
  render: (result) => {
    const named = result.parameters.directions === "both";
    const lines = result.intervals.map((interval) => intervalLine(interval, { named }));
    return `${headLine(result)}${lines.join("")}${summaryText(result)}`;
  },
};

const json: Report<ThroughputResult> = {
  name: "json",
  summary: "the whole result, as one JSON document",
  extension: "json",
  render: (result) => `${JSON.stringify(result, null, 2)}\n`,
};

const html: Report<ThroughputResult> = {
  name: "html",
  summary: "one self-contained page with a chart",
  extension: "html",
  async render(result) {
    const { renderThroughput } = await import("./page.ts");
    return renderThroughput(result);
  },
};

/** Every report by its name, which is that of a report of a load. */
export const throughputReports: Readonly<Record<string, Report<ThroughputResult>>> = {
  text,
  json,
  html,
};
