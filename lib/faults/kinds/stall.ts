/** Stall: nothing passes for a while, then everything, as with a retransmission. */
import { duration } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

const USUAL_MS = 1000;

/** The stall fault. */
export const stall = defineFault({
  name: "stall",
  summary: "hold everything back once, then let it all go",
  main: "stall",
  example: "stall:1s,after=10KB",
  options: {
    stall: duration({
      summary: "for how long (default: up to `until`, where that is a time; else 1s)",
    }),
  },
  create({ stall }, { clock, fired, windowEnd }) {
    let until: number | undefined;
    return {
      chunk(bytes, emit) {
        if (until === undefined) {
          const usual = windowEnd ?? clock.now() + USUAL_MS;
          const asked = stall === undefined ? usual : clock.now() + stall;
          until = Math.min(asked, windowEnd ?? Infinity);
          fired(`holds everything back for ${formatDuration(until - clock.now())}`);
        }
        emit(bytes, until);
      },
    };
  },
});
