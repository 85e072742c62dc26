/** Timeout: everything is dropped, then the connection closes. */
import { duration, flag } from "../../cli/options.ts";
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
    since_last: flag({
      summary: "count from the last chunk, and not from the beginning, as toxiproxy does",
    }),
    half_open: duration({
      initial: 0,
      summary: "stay open so long after the sender has ended, as if that had not been noticed",
    }),
  },
  create(
    { timeout, since_last: sinceLast, half_open: halfOpen },
    { clock, after, finish, fired },
  ) {
    let from = clock.now();
    const closeInTime = () => {
      const left = from + timeout - clock.now();
      if (left > 0) return after(left, closeInTime);
      fired(`closes after ${formatDuration(timeout)}`);
      finish();
    };
    return {
      start() {
        fired("swallows everything");
        from = clock.now();
        if (timeout > 0) after(timeout, closeInTime);
      },
      chunk() {
        if (sinceLast) from = clock.now();
      },
      end(_emit, over) {
        if (over || halfOpen === 0) return;
        fired(`stays open for ${formatDuration(halfOpen)}`);
        return halfOpen;
      },
    };
  },
});
