/** Kinds of parameters that only faults have. */
import { UsageError } from "../core/errors.ts";
import { type Option, text } from "../cli/options.ts";

/** A share, as 0.1 or 10%; from 0 to 1. */
export function share(summary: string, initial: number): Option<number>;
export function share(summary: string): Option<number | undefined>;
export function share(summary: string, initial?: number): Option<number | undefined> {
  const details = { summary, placeholder: "SHARE", read: readShare };
  return initial === undefined ? text(details) : text({ ...details, initial });
}

function readShare(given: string): number {
  const [, number, percent] = /^(\d*\.?\d+)(%)?$/.exec(given) ?? [];
  const share = Number(number) / (percent ? 100 : 1);
  if (share >= 0 && share <= 1) return share;
  throw new UsageError(`a share from 0 to 1, or from 0% to 100%, is needed, not "${given}"`);
}
