/** Limit: the connection closes after so many bytes. */
import { UsageError } from "../../core/errors.ts";
import { text } from "../../cli/options.ts";
import { formatQuantity, parseSize } from "../../core/units.ts";
import { defineFault } from "../fault.ts";

/** The limit_data fault. */
export const limitData = defineFault({
  name: "limit_data",
  summary: "close the connection after so many bytes",
  only: "streams",
  main: "bytes",
  example: "limit_data:10KB",
  options: { bytes: text({ summary: "how many", placeholder: "SIZE", read: parseSize }) },
  create({ bytes: most }, { finish, fired }) {
    if (most === undefined) throw new UsageError("a size is needed, as in limit_data:10KB");
    let left = most;
    return {
      chunk(bytes, emit) {
        if (left < 0) return;
        if (bytes.length < left) {
          left -= bytes.length;
          return emit(bytes);
        }
        emit(bytes.subarray(0, left));
        left = -1;
        fired(`closes after ${formatQuantity(most, "byte")}`);
        finish();
      },
    };
  },
});
