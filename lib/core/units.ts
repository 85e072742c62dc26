/** Reading and writing durations, counts, sizes and rates. Durations are in milliseconds. */
import { UsageError } from "./errors.ts";

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["µs", 0.001],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** The longest wait that a timer can hold, in milliseconds (24.8 days). */
export const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Reads a duration, in milliseconds: a number and one of the units us, ms, s, m, h; or a bare 0.
 *
 * @throws {UsageError} for anything else, a negative number included
 * @example
 * ```ts
 * import { parseDuration } from "./units.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDuration("1.5s"), 1500);
 * ```
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(us|µs|ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    const unitless = /^\d+(\.\d+)?$/.test(text) ? `; try ${text}s or ${text}ms` : "";
    throw new UsageError(
      `a duration such as 250us, 10ms, 1.5s or 2m is needed, not "${text}"${unitless}`,
    );
  }
  const milliseconds = Number(number) * MILLISECONDS.get(unit)!;
  if (milliseconds > LONGEST_WAIT_MS) {
    throw new UsageError(`a duration of at most 24 days (576h) is needed, not "${text}"`);
  }
  return milliseconds;
}

/**
 * Writes a duration in milliseconds as {@linkcode parseDuration} reads it: the inverse of it.
 *
 * @example
 * ```ts
 * import { writeDuration } from "./units.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1500, 60_000, 0.25, 0].map(writeDuration), ["1500ms", "1m", "250us", "0"]);
 * ```
 */
export function writeDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  const unit = ["h", "m", "s", "ms"].find((unit) => milliseconds % MILLISECONDS.get(unit)! === 0) ??
    "us";
  return `${milliseconds / MILLISECONDS.get(unit)!}${unit}`;
}

const BYTES: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["B", 1],
  ["kB", 1e3],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
]);

/**
 * Reads a size, in bytes: a number and perhaps one of the units B, KB, MB, GB, KiB, MiB, GiB.
 *
 * @throws {UsageError} for anything else, and for what is no whole number of bytes
 * @example
 * ```ts
 * import { parseSize } from "./units.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSize("4KiB"), 4096);
 * assertEquals(parseSize("1.5MB"), 1_500_000);
 * ```
 */
export function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kKMG]i?B|B)?$/.exec(text) ?? [];
  const bytes = Number(number) * BYTES.get(unit)!;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`a size such as 64, 4KiB or 1MB is needed, not "${text}"`);
}

/**
 * Reads a rate of bytes, in bytes a second: a size, and perhaps `/s`.
 *
 * @throws {UsageError} for anything else, and for 0
 */
export function parseByteRate(text: string): number {
  const size = /^[^/]+(?=\/s$|$)/.exec(text)?.[0] ?? "";
  const rate = /^\d/.test(size) ? parseSize(size) : 0;
  if (rate > 0) return rate;
  throw new UsageError(`a rate above 0 such as 64KiB/s or 1MB/s is needed, not "${text}"`);
}

const BITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1e3],
  ["M", 1e6],
  ["G", 1e9],
]);

/**
 * Reads a rate of bits, in bits a second: `50Mbit/s`, `2.5Gbit/s`; undefined for another unit.
 *
 * @example
 * ```ts
 * import { parseBitRate } from "./units.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseBitRate("2.5Gbit/s"), 2_500_000_000);
 * assertEquals(parseBitRate("50k/s"), undefined);
 * ```
 */
export function parseBitRate(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kMG])?bit(?:\/s)?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * BITS.get(unit)!;
}

/**
 * Reads how often something happens a second: `500/s`, `500`, `20k/s`.
 *
 * @throws {UsageError} for anything else, and for 0
 * @example
 * ```ts
 * import { parseFrequency } from "./units.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseFrequency("20k/s"), 20_000);
 * ```
 */
export function parseFrequency(text: string): number {
  const [, number, factor = ""] = /^(\d+(?:\.\d+)?)(k|M)?(?:\/s)?$/.exec(text) ?? [];
  const frequency = Number(number) * { "": 1, k: 1e3, M: 1e6 }[factor]!;
  if (frequency > 0) return frequency;
  throw new UsageError(`a rate above 0 such as 500/s or 20k/s is needed, not "${text}"`);
}

/**
 * Writes a duration in milliseconds with the precision that a person reads.
 *
 * @example
 * ```ts
 * import { formatDuration } from "./units.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatDuration(0.2134), "0.213 ms");
 * assertEquals(formatDuration(61_000), "1 min 1 s");
 * ```
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.9995) return `${trimZeros(milliseconds.toFixed(3))} ms`;
  if (milliseconds < 59_999.5) return `${trimZeros((milliseconds / 1000).toFixed(3))} s`;
  const seconds = Math.round(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  return parts.filter(([count]) => count !== 0).map(([count, unit]) => `${count} ${unit}`).join(
    " ",
  );
}

/** Rounds milliseconds to the nanosecond, for programs. */
export function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e6;
}

/** Writes a whole number with thousands separated: `1,234,567`. */
export function formatCount(count: number): string {
  const digits = String(count);
  return count < 1000 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Writes a number of things: `1 byte`, `1,024 bytes`. */
export function formatQuantity(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** Writes what so many things were: `1 answer was`, `2,000 answers were`. */
export function formatWere(count: number, thing: string): string {
  return `${formatQuantity(count, thing)} ${count === 1 ? "was" : "were"}`;
}

/** Writes a rate in bytes a second, to three figures in IEC units: `1.21 MiB/s`. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

/** Writes a rate in bits a second, to three figures in SI units: `18.5 Gbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];
  let rate = bitsPerSecond;
  while (rate >= 999.5 && units.length > 1) {
    rate /= 1000;
    units.shift();
  }
  return `${formatFigures(rate)} ${units[0]}`;
}

/** Writes a number of bytes, to three figures in IEC units: `1.21 MiB`. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  while (size >= 1000 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${formatFigures(size)} ${units[0]}`;
}

/**
 * Writes a number to three figures, or whole from 100 on, or below 0.1 to two: `0.0005`, `0.5`, `12.3`,
 * `1,234`.
 */
export function formatFigures(number: number): string {
  if (number > 0 && number < 0.1) return `${Number(number.toPrecision(2))}`;
  return number >= 100
    ? formatCount(Math.round(number))
    : trimZeros(number.toFixed(number >= 10 ? 1 : 2));
}

function trimZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
