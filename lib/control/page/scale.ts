/** Sliders for parameters: what a place on one means, and how the command line writes it. */
import { parseByteRate, parseDuration, parseSize } from "../../core/units.ts";

/** The places of a slider, from 0 on. */
export const PLACES = 200;

/** Values on a slider: in equal ratios, or in equal steps. */
interface Scale {
  readonly least: number;
  readonly most: number;
  readonly linear?: boolean;
  /** Whether its beginning is 0, rather than the least value. */
  readonly hasZero?: boolean;
  read(text: string): number;
  write(value: number): string;
}

const KIB = 1024;

const SCALES: ReadonlyMap<string, Scale> = new Map<string, Scale>([
  ["D", { least: 1, most: 60_000, hasZero: true, read: parseDuration, write: writeMs }],
  ["SIZE", { least: 1, most: 64 * KIB * KIB, hasZero: true, read: parseSize, write: writeSize }],
  ["RATE", {
    least: KIB,
    most: KIB * KIB * KIB,
    read: parseByteRate,
    write: (bytes) => `${writeSize(Math.max(1, bytes))}/s`,
  }],
  ["SHARE", { least: 0, most: 1, linear: true, read: readShare, write: String }],
  ["N", { least: 1, most: 10_000, read: Number, write: String }],
]);

/** Whether values of this kind, as the help calls it, have a slider. */
export function hasSlider(placeholder: string | undefined): boolean {
  return SCALES.has(placeholder ?? "");
}

/**
 * The place of a value; 0 for what is none.
 *
 * @example
 * ```ts
 * import { PLACES, placeOf, valueAt } from "./scale.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placeOf("60s", "D"), PLACES);
 * assertEquals(valueAt(placeOf("200ms", "D"), "D"), "200ms");
 * ```
 */
export function placeOf(text: string, placeholder: string): number {
  const scale = SCALES.get(placeholder)!;
  let value: number;
  try {
    value = scale.read(text);
  } catch {
    return 0;
  }
  if (Number.isNaN(value)) return 0;
  if (scale.linear) return Math.round(clamped(value / scale.most) * PLACES);
  if (!(value >= scale.least)) return 0;
  const share = Math.log(value / scale.least) / Math.log(scale.most / scale.least);
  return Math.round(1 + clamped(share) * (PLACES - 1));
}

/** The value at a place, in two figures. */
export function valueAt(place: number, placeholder: string): string {
  const { least, most, linear, hasZero, write } = SCALES.get(placeholder)!;
  if (linear) return write(Number((place / PLACES * most).toFixed(3)));
  if (place === 0) return write(hasZero ? 0 : least);
  const value = least * (most / least) ** ((place - 1) / (PLACES - 1));
  return write(twoFigures(value, placeholder));
}

// Sizes are whole bytes, and read as such: 1.25KiB, 12KiB.
function twoFigures(value: number, placeholder: string): number {
  if (placeholder === "D") return Number(value.toPrecision(2));
  if (placeholder === "N") return Math.round(Number(value.toPrecision(2)));
  const unit = KIB ** Math.floor(Math.log(value) / Math.log(KIB));
  const step = unit === 1 || value >= 10 * unit ? unit : unit / 4;
  return Math.max(1, Math.round(Number(value.toPrecision(3)) / step) * step);
}

function writeMs(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`;
}

function writeSize(bytes: number): string {
  const [size, unit] = SIZE_UNITS.find(([size]) => bytes >= size) ?? [1, ""];
  return `${bytes / size}${unit}`;
}

const SIZE_UNITS = [[KIB ** 3, "GiB"], [KIB ** 2, "MiB"], [KIB, "KiB"]] as const;

function readShare(text: string): number {
  return text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}
