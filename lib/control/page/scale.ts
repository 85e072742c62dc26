/** Sliders for parameters: what a place on one means, and how the command line writes it. */
import { parseByteRate, parseDuration, parseSize } from "../../core/units.ts";

const POINTS = 200; // values that a slider tries to have

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
const SIZE_UNITS = [[KIB ** 3, "GiB"], [KIB ** 2, "MiB"], [KIB, "KiB"]] as const;

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

interface Place {
  readonly value: number;
  readonly text: string;
}

// The values of each kind in their order; neighbours that are written alike are one.
const PLACES: ReadonlyMap<string, readonly Place[]> = new Map(
  [...SCALES].map(([placeholder, scale]) => [placeholder, placesOf(placeholder, scale)]),
);

function placesOf(placeholder: string, scale: Scale): Place[] {
  const points = Array.from({ length: POINTS + 1 }, (_, point) => point / POINTS);
  const values = points.map((share) =>
    scale.linear
      ? Number((share * scale.most).toFixed(3))
      : twoFigures(scale.least * (scale.most / scale.least) ** share, placeholder)
  );
  const texts = new Map([...(scale.hasZero ? [0] : []), ...values].map((value) => {
    const text = scale.write(value);
    return [text, { value: scale.read(text), text }];
  }));
  return [...texts.values()];
}

/** Whether values of this kind, as the help calls it, have a slider. */
export function hasSlider(placeholder: string | undefined): boolean {
  return SCALES.has(placeholder ?? "");
}

/** The last place of a slider; the first is 0. */
export function lastPlace(placeholder: string): number {
  return PLACES.get(placeholder)!.length - 1;
}

/**
 * The place that is nearest to a value; 0 for what is none.
 *
 * @example
 * ```ts
 * import { lastPlace, placeOf, valueAt } from "./scale.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placeOf("60s", "D"), lastPlace("D"));
 * assertEquals(valueAt(placeOf("200ms", "D"), "D"), "200ms");
 * ```
 */
export function placeOf(text: string, placeholder: string): number {
  const places = PLACES.get(placeholder)!;
  let value: number;
  try {
    value = SCALES.get(placeholder)!.read(text);
  } catch {
    return 0;
  }
  const above = places.findIndex((place) => place.value >= value);
  if (above === 0 || Number.isNaN(value)) return 0;
  if (above < 0) return places.length - 1;
  return places[above]!.value - value <= value - places[above - 1]!.value ? above : above - 1;
}

/** The value at a place, as the command line writes it. */
export function valueAt(place: number, placeholder: string): string {
  return PLACES.get(placeholder)![place]!.text;
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

function readShare(text: string): number {
  return text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
}
