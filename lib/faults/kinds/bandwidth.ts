/** Bandwidth: a slow line. */
import { UsageError } from "../../core/errors.ts";
import { flag, text } from "../../cli/options.ts";
import { formatByteRate, formatDuration, parseByteRate } from "../../core/units.ts";
import { defineFault, type Emit, type FaultContext, type Stage } from "../fault.ts";

const PIECE_MS = 10; // of the rate, in one piece
const HALF_OPEN_MS = 60_000; // that a connection is kept whose end is held for ever
const MAX_HELD_MS = 100; // of the rate; the rest waits at its source

/** The bandwidth fault. */
export const bandwidth = defineFault({
  name: "bandwidth",
  summary: "let no more than so many bytes a second through",
  main: "rate",
  example: "bandwidth:64KiB/s",
  options: {
    rate: text({
      summary: "bytes a second; 0 holds everything, up to `until` where that is a time",
      placeholder: "RATE",
      read: readRate,
    }),
    shared: flag({
      summary: "all connections of the endpoint share the rate, each direction its own",
    }),
  },
  holdsAll: ({ rate }) => rate === 0,
  check({ rate }) {
    if (rate === undefined) throw new UsageError("a rate is needed, as in bandwidth:64KiB/s");
  },
  create({ rate = 0, shared }, context) {
    if (rate === 0) return holding(context);
    const { clock, fired, framed, windowEnd = Infinity } = context;
    const largest = Math.max(1, Math.round(rate * PIECE_MS / 1000));
    const line = shared ? context.shared(() => ({ free: 0 })) : { free: 0 }; // when it is free again
    const send = (bytes: Uint8Array, emit: Emit) => {
      line.free = Math.max(line.free, clock.now()) + bytes.length * 1000 / rate;
      emit(bytes, Math.min(line.free, windowEnd)); // when its last byte has passed
    };
    const whose = shared ? ", for all connections together" : "";
    return {
      room: rate * MAX_HELD_MS / 1000,
      start: () => fired(`lets ${formatByteRate(rate)} through${whose}`),
      chunk(bytes, emit) {
        if (framed) return send(bytes, emit);
        for (let at = 0; at < bytes.length; at += largest) {
          send(bytes.subarray(at, at + largest), emit);
        }
      },
    };
  },
});

// Nothing passes while the fault is in force.
function holding({ fired, after, close, windowEnd }: FaultContext): Stage {
  return {
    start: () => fired("holds everything back"),
    chunk: (bytes, emit) => emit(bytes, windowEnd ?? Infinity),
    end() {
      if (windowEnd !== undefined) return;
      after(HALF_OPEN_MS, () => {
        fired(`closes ${formatDuration(HALF_OPEN_MS)} after the end of what it holds`);
        close();
      });
    },
  };
}

function readRate(given: string): number {
  if (/^0([kKMG]i?B|B)?(\/s)?$/.test(given)) return 0;
  if (!/^[\d.]+$/.test(given)) return parseByteRate(given);
  throw new UsageError(
    `a unit is needed, as in ${given}KB/s or ${given}KiB/s, not "${given}"; toxiproxy's is KB/s`,
  );
}
