/** Slicer: small pieces, as a network may make them. */
import { UsageError } from "../../core/errors.ts";
import { duration, text } from "../../cli/options.ts";
import { formatQuantity, parseSize } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

const ROOM_BYTES = 256 * 1024; // what waits longer than this waits at its source

/** The slicer fault. */
export const slicer = defineFault({
  name: "slicer",
  summary: "cut the stream into pieces, and wait between them",
  only: "streams",
  main: "average_size",
  example: "slicer:10,size_variation=5,delay=1ms",
  options: {
    average_size: text({ summary: "bytes of a piece", placeholder: "SIZE", read: parseSize }),
    size_variation: text({
      summary: "by how many bytes more or less; a piece has at least one",
      placeholder: "SIZE",
      read: parseSize,
    }),
    delay: duration({ initial: 0, summary: "the wait between two pieces" }),
  },
  check({ average_size: size = 0, size_variation: variation = 0 }) {
    if (size < 1) throw new UsageError("a size is needed, as in slicer:10");
    if (variation > size) {
      throw new UsageError("size_variation must not be more than average_size");
    }
  },
  create(
    { average_size: size = 0, size_variation: variation = 0, delay },
    { clock, random, fired },
  ) {
    const next = () => Math.max(1, size - variation + Math.floor(random() * (2 * variation + 1)));
    let free = 0;
    let left = next(); // bytes of the current piece, so that cuts do not depend on the chunks
    return {
      room: ROOM_BYTES,
      start: () => fired(`cuts into pieces of ${formatQuantity(size, "byte")}`),
      chunk(bytes, emit) {
        for (let at = 0; at < bytes.length;) {
          const piece = bytes.subarray(at, at + left);
          free = Math.max(free, clock.now());
          emit(piece, free);
          free += delay;
          at += piece.length;
          left = left - piece.length || next();
        }
      },
    };
  },
});
