/** Sliders for parameters: what a place on one means, and how the command line writes it. */
import { parseByteRate, parseDuration, parseSize, writeDuration } from "../../core/units.ts";

/** The places of a slider, from 0 on. */
export const PLACES = 200;

/** Values on a slider: 0 at its beginning, and from there in equal ratios, or in equal steps. */
interface Scale {
  readonly least: number;
  readonly most: number;
  readonly linear?: boolean;
  read(text: string): number;
  write(value: number): string;
}

const KIB = 1024;

const SCALES: ReadonlyMap<string, Scale> = new Map([
  ["D", { least: 1, most: 60_000, read: parseDuration, write: writeDuration }],
  ["SIZE", { least: 1, most: 64 * KIB * KIB, read: parseSize, write: writeSize }],
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
  if (scale.linear) return Math.round(clamped(value / scale.most) * PLACES);
  if (!(value >= scale.least)) return 0;
  const share = Math.log(value / scale.least) / Math.log(scale.most / scale.least);
  return Math.round(1 + clamped(share) * (PLACES - 1));
}

/** The value at a place, in two figures. */
export function valueAt(place: number, placeholder: string): string {
  const { least, most, linear, write } = SCALES.get(placeholder)!;
  if (linear) return write(Number((place / PLACES * most).toFixed(3)));
  if (place === 0) return write(0);
  const value = least * (most / least) ** ((place - 1) / (PLACES - 1));
  return write(twoFigures(value, placeholder));
}

// Sizes that are read as such: 1.4 MiB, not 1,468,006 bytes.
function twoFigures(value: number, placeholder: string): number {
  const unit = placeholder === "SIZE" || placeholder === "RATE"
    ? KIB ** Math.floor(Math.log(Math.max(1, value)) / Math.log(KIB))
    : 1;
  return Math.round(Number((value / unit).toPrecision(2)) * unit);
}

function writeSize(bytes: number): string {
  for (const [unit, size] of [["GiB", KIB ** 3], ["MiB", KIB ** 2], ["KiB", KIB]] as const) {
    const count = Number((bytes / size).toFixed(3));
    if (bytes >= size && Math.round(count * size) === bytes) return `${count}${unit}`;
  }
  return String(bytes);
}

function readShare(text: string): number {
  return text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}
