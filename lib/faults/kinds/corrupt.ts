/** Corruption: bits change on the way. */
import { UsageError } from "../../core/errors.ts";
import { share } from "../parameters.ts";
import { defineFault } from "../fault.ts";

/** The corrupt fault. */
export const corrupt = defineFault({
  name: "corrupt",
  summary: "flip one bit of so many bytes in a hundred",
  main: "rate",
  example: "corrupt:0.1%",
  options: { rate: share("the share of bytes") },
  check({ rate }) {
    if (rate === undefined) throw new UsageError("a share is needed, as in corrupt:0.1%");
  },
  create({ rate = 0 }, { random, fired }) {
    // Drawing the distance to the next flip keeps the result independent of how the stream is cut.
    const distance = () => rate >= 1 ? 0 : Math.floor(Math.log(1 - random()) / Math.log1p(-rate));
    let offset = 0;
    let next = rate > 0 ? distance() : Infinity;
    return {
      chunk(bytes, emit, at) {
        for (; next < offset + bytes.length; next += 1 + distance()) {
          const bit = Math.floor(random() * 8);
          bytes[next - offset]! ^= 1 << bit;
          fired(`flips bit ${bit} at offset ${at + next - offset}`);
        }
        offset += bytes.length;
        emit(bytes);
      },
    };
  },
});
