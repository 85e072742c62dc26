/** Reset: the connection breaks, with data on its way or not. */
import { duration } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The reset_peer fault. */
export const resetPeer = defineFault({
  name: "reset_peer",
  summary: "reset the connection after a while (RST on Linux, elsewhere a FIN)",
  main: "timeout",
  example: "reset_peer:1s",
  options: { timeout: duration({ initial: 0, summary: "after how long" }) },
  resets: () => true,
  create: ({ timeout }, { after, reset, fired }) => ({
    start() {
      const strike = () => {
        fired(`resets the connection after ${formatDuration(timeout)}`);
        reset();
      };
      if (timeout === 0) strike();
      else after(timeout, strike);
    },
    chunk: (bytes, emit) => emit(bytes),
  }),
});
