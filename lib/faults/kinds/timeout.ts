/** Timeout: everything is dropped, then the connection closes. */
import { duration } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The timeout fault. */
export const timeout = defineFault({
  name: "timeout",
  summary: "swallow everything until the sender ends, or so long; 0 is no limit",
  main: "timeout",
  closesWhenRemoved: true,
  example: "timeout:5s",
  options: {
    timeout: duration({ initial: 0, summary: "close after so long" }),
    half_open: duration({
      initial: 0,
      summary: "stay open so long after the sender has ended, as if that had not been noticed",
    }),
  },
  create: ({ timeout, half_open: halfOpen }, { after, finish, fired }) => ({
    start() {
      fired("swallows everything");
      if (timeout === 0) return;
      after(timeout, () => {
        fired(`closes after ${formatDuration(timeout)}`);
        finish();
      });
    },
    chunk() {},
    end(_emit, over) {
      if (over || halfOpen === 0) return;
      fired(`stays open for ${formatDuration(halfOpen)}`);
      return halfOpen;
    },
  }),
});
