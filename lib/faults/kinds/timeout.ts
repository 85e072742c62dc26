/** Timeout: everything is dropped, then the connection closes. */
import { duration } from "../../cli/options.ts";
import { formatDuration, LONGEST_WAIT_MS } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The timeout fault. */
export const timeout = defineFault({
  name: "timeout",
  summary: "swallow everything, then close; with 0 never close",
  main: "timeout",
  example: "timeout:5s",
  options: { timeout: duration({ initial: 0, summary: "close after so long" }) },
  create: ({ timeout }, { after, close, fired }) => ({
    start() {
      fired("swallows everything");
      if (timeout === 0) return;
      after(timeout, () => {
        fired(`closes after ${formatDuration(timeout)}`);
        close();
      });
    },
    chunk() {},
    end: () => LONGEST_WAIT_MS, // the end is dropped as well
  }),
});
