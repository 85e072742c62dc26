/** Merge: the results of several machines as one. */
import { NetworkError, UsageError } from "../../core/errors.ts";
import { loadHistograms } from "../../core/histogram.ts";
import { merge as add } from "../../report/merge.ts";
import { parseResult, readResultFile } from "../../report/read.ts";
import { flag } from "../../cli/options.ts";
import { deliveryOptions, prepareDelivery } from "../../report/deliver.ts";
import { defineMode } from "../mode.ts";

/** The merge mode. */
export const merge = defineMode({
  name: "merge",
  summary: "merge the results of several machines, files of --bench --json, into one",
  chosenBy: "merge",
  needsPeer: false,
  example: "netecho client --merge one.json two.json --report both.html",
  options: {
    merge: flag({
      summary: "merge the results in the files that are named instead of an address",
      excludes: ["show", "retry", "verbose", "capture", "connectTimeout"],
    }),
    ...deliveryOptions,
  },
  async run({ commandLine, output }, values) {
    const files = commandLine.positionals.map(readResultFile);
    const [first, ...others] = await Promise.all(files.map(parseResult));
    if (!first) throw new UsageError("Option --merge needs the names of result files");
    const deliver = await prepareDelivery(values);
    const merged = add([first, ...others], await loadHistograms());
    await deliver(merged, output);
    if (merged.requests.answered === 0) throw new NetworkError("No request was answered");
    return 0;
  },
});
