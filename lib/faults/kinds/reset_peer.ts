/** Reset: the connection breaks, with data on its way or not. */
import { duration, flag } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The reset_peer fault. */
export const resetPeer = defineFault({
  name: "reset_peer",
  summary: "reset the connection after a while (RST on Linux, elsewhere a FIN)",
  main: "timeout",
  example: "reset_peer:1s",
  options: {
    timeout: duration({ initial: 0, summary: "after how long" }),
    from_data: flag({
      summary: "count from the first bytes or the end of its direction, which are dropped, as " +
        "toxiproxy does; a connection that was open before the fault gets FIN",
    }),
  },
  resets: () => true,
  create({ timeout, from_data: fromData }, { after, reset, close, fired, joined }) {
    const gently = fromData && joined;
    const strike = () => {
      fired(`${gently ? "closes" : "resets"} the connection after ${formatDuration(timeout)}`);
      if (gently) close();
      else reset();
    };
    let begun = false;
    const begin = () => {
      if (begun) return;
      begun = true;
      if (timeout === 0) strike();
      else after(timeout, strike);
    };
    if (!fromData) return { start: begin, chunk: (bytes, emit) => emit(bytes) };
    return { chunk: begin, end: () => (begin(), Infinity) };
  },
});
