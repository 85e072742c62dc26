import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/core/errors.ts";
import {
  formatByteRate,
  formatCount,
  formatDuration,
  formatFigures,
  formatQuantity,
  LONGEST_WAIT_MS,
  parseDuration,
} from "../../../lib/core/units.ts";

Deno.test("durations are read in every unit", () => {
  const read = ["250us", "250µs", "10ms", "1.5s", "2m", "1h", "0", "0s"].map(parseDuration);
  assertEquals(read, [0.25, 0.25, 10, 1500, 120_000, 3_600_000, 0, 0]);
});

Deno.test("what is no duration is refused", () => {
  for (const text of ["", "5", "-1s", "1 hour", "1e3s", ".5s", "s", "1.s", "99999h"]) {
    assertThrows(() => parseDuration(text), UsageError);
  }
  assertThrows(() => parseDuration("5"), UsageError, "try 5s or 5ms");
  assertEquals(parseDuration("596h") < LONGEST_WAIT_MS, true);
});

Deno.test("durations are written for a person", () => {
  const written = [0, 0.2134, 12, 999.9996, 1204, 59_999.6, 61_000, 3_600_000, 7_322_000];
  assertEquals(written.map(formatDuration), [
    "0 ms",
    "0.213 ms",
    "12 ms",
    "1 s",
    "1.204 s",
    "1 min",
    "1 min 1 s",
    "1 h",
    "2 h 2 min 2 s",
  ]);
});

Deno.test("numbers are grouped, things counted, rates scaled", () => {
  assertEquals([0, 999, 1000, 1234567].map(formatCount), ["0", "999", "1,000", "1,234,567"]);
  assertEquals([0, 1, 2].map((count) => formatQuantity(count, "byte")), [
    "0 bytes",
    "1 byte",
    "2 bytes",
  ]);
  assertEquals([0, 0.256, 12.34, 99.96, 1234.5].map(formatFigures), [
    "0",
    "0.26",
    "12.3",
    "100",
    "1,235",
  ]);
  assertEquals([0, 999, 1000, 1048576, 3e9].map(formatByteRate), [
    "0 B/s",
    "999 B/s",
    "0.98 KiB/s",
    "1 MiB/s",
    "2.79 GiB/s",
  ]);
});
