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
  check({ bytes }) {
    if (bytes === undefined) throw new UsageError("a size is needed, as in limit_data:10KB");
  },
  create({ bytes: most = 0 }, { finish, fired, inherited }) {
    let passed = typeof inherited === "number" ? inherited : 0;
    let over = false;
    return {
      chunk(bytes, emit) {
        if (over) return;
        const left = Math.max(0, most - passed);
        passed += bytes.length;
        if (bytes.length < left) return emit(bytes);
        if (left > 0) emit(bytes.subarray(0, left));
        over = true;
        fired(`closes after ${formatQuantity(most, "byte")}`);
        finish();
      },
      bequest: () => passed,
    };
  },
});
