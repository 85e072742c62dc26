/** Bandwidth: a slow line. */
import { UsageError } from "../../core/errors.ts";
import { text } from "../../cli/options.ts";
import { formatByteRate, parseByteRate } from "../../core/units.ts";
import { defineFault, type Emit } from "../fault.ts";

const PIECE_MS = 10; // of the rate, in one piece
const MAX_HELD_MS = 100; // of the rate; the rest waits at its source

/** The bandwidth fault. */
export const bandwidth = defineFault({
  name: "bandwidth",
  summary: "let no more than so many bytes a second through",
  main: "rate",
  example: "bandwidth:64KiB/s",
  options: {
    rate: text({ summary: "bytes a second", placeholder: "RATE", read: parseByteRate }),
  },
  create({ rate }, { clock, fired, framed }) {
    if (rate === undefined) throw new UsageError("a rate is needed, as in bandwidth:64KiB/s");
    const largest = Math.max(1, Math.round(rate * PIECE_MS / 1000));
    let free = 0; // when the line is free again
    const send = (bytes: Uint8Array, emit: Emit) => {
      free = Math.max(free, clock.now()) + bytes.length * 1000 / rate;
      emit(bytes, free); // when its last byte has passed
    };
    return {
      room: rate * MAX_HELD_MS / 1000,
      start: () => fired(`lets ${formatByteRate(rate)} through`),
      chunk(bytes, emit) {
        if (framed) return send(bytes, emit);
        for (let at = 0; at < bytes.length; at += largest) {
          send(bytes.subarray(at, at + largest), emit);
        }
      },
    };
  },
});
