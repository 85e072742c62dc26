/** Chance as a parameter: the same seed gives the same run. */

/** Gives numbers from 0 up to but not including 1. */
export type Random = () => number;

/**
 * A generator for one purpose of a run; what one purpose draws does not change another.
 *
 * @example
 * ```ts
 * import { seeded } from "./random.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * assertEquals(seeded(42, 1, 2)(), seeded(42, 1, 2)());
 * assert(seeded(42, 1, 2)() !== seeded(42, 1, 3)());
 * ```
 */
export function seeded(seed: number, ...purpose: readonly number[]): Random {
  let state = purpose.reduce((mixed, number) => mix(mixed ^ number), mix(seed));
  // Mulberry32: 32 bits of state, and no visible pattern in what a test of misbehaviour needs.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) / 2 ** 32;
  };
}

/** A number from a normal distribution with mean 0 and deviation 1 (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A number from a Pareto distribution with mean 1: mostly small, at times very large. */
export function pareto(random: Random): number {
  return (1 - 1 / PARETO_SHAPE) * (1 - random()) ** (-1 / PARETO_SHAPE);
}

const PARETO_SHAPE = 3; // of the tail; with 2 or less its variance would have no end

/** A 32-bit number for a text, to seed by (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

function mix(number: number): number {
  let word = number | 0;
  word = Math.imul(word ^ (word >>> 15), 1 | word);
  word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
  return (word ^ (word >>> 14)) >>> 0;
}
