/** Merge: the results of several machines as one. */
import { UsageError } from "../../core/errors.ts";
import { loadHistograms } from "../../core/histogram.ts";
import { merge as add } from "../../report/merge.ts";
import { readResult } from "../../report/read.ts";
import { flag } from "../../cli/options.ts";
import { checkReports, deliver, delivering } from "../../report/deliver.ts";
import { defineMode } from "../mode.ts";

/** The merge mode. */
export const merge = defineMode({
  name: "merge",
  summary: "add the results of several machines, the files of --bench --json, into one",
  chosenBy: "merge",
  needsPeer: false,
  example: "netecho client --merge one.json two.json --report both.html",
  options: {
    merge: flag({
      summary: "add up the results in the files that are named instead of an address",
      excludes: ["show", "retry", "verbose", "capture", "connectTimeout"],
    }),
    ...delivering,
  },
  async run({ commandLine, output }, values) {
    const [first, ...others] = commandLine.positionals.map(readResult);
    if (!first) throw new UsageError("Option --merge needs the names of result files");
    await checkReports(values);
    await deliver(add([first, ...others], await loadHistograms()), { values, output });
    return 0;
  },
});
