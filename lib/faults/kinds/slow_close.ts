/** Slow close: the end of a connection takes its time. */
import { duration } from "../../cli/options.ts";
import { formatDuration } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The slow_close fault. */
export const slowClose = defineFault({
  name: "slow_close",
  summary: "hold the end of the connection back",
  main: "delay",
  example: "slow_close:2s",
  options: { delay: duration({ initial: 1000, summary: "for how long" }) },
  create: ({ delay }, { fired }) => ({
    chunk: (bytes, emit) => emit(bytes),
    end(_emit, over) {
      if (!over) fired(`holds the end back for ${formatDuration(delay)}`);
      return delay;
    },
  }),
});
