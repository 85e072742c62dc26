/** How times and rates are written on the page. */
import { formatByteRate, formatSize } from "../../core/units.ts";

/**
 * Writes how long something lasts, in milliseconds: `00:42`, `2 h 14 m`.
 *
 * @example
 * ```ts
 * import { age } from "./format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([age(42_000), age(8_040_000), age(3 * 86_400_000)], ["00:42", "2 h 14 m", "3 d 0 h"]);
 * ```
 */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (days! > 0) return `${days} d ${hours! % 24} h`;
  if (hours! > 0) return `${hours} h ${minutes! % 60} m`;
  return `${twoDigits(minutes!)}:${twoDigits(seconds % 60)}`;
}

/** Writes a time of day with milliseconds, as the log does. */
export function timeOfDay(time: number): string {
  const date = new Date(time);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map(twoDigits);
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Writes bytes, and how many a second where there are any. */
export function bytesAndRate(bytes: number, rate: number): string {
  return rate > 0 ? `${formatSize(bytes)}, ${formatByteRate(rate)}` : formatSize(bytes);
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
