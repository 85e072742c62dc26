/** Stall: nothing passes for a while, then everything, as with a retransmission. */
import { duration } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The stall fault. */
export const stall = defineFault({
  name: "stall",
  summary: "hold everything back once, then let it all go",
  main: "stall",
  example: "stall:1s,after=10KB",
  options: { stall: duration({ initial: 1000, summary: "for how long" }) },
  create({ stall }, { clock, fired }) {
    let until: number | undefined;
    return {
      chunk(bytes, emit) {
        if (until === undefined) {
          until = clock.now() + stall;
          fired(`holds everything back for ${formatDuration(stall)}`);
        }
        emit(bytes, until);
      },
    };
  },
});
