/** The result of a load: plain data, that reports render and other programs read. */
import type { BenchResultJson } from "./schema.ts";

/** The same with nothing in it that can be changed. */
type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The result of one load; `schema.ts` says what each field is. */
export type BenchResult = DeepReadonly<BenchResultJson>;

/** How many requests failed, or were never sent or answered: nobody knows what they would have taken. */
export function endlessOf(
  { failed, unanswered, unsent }: Pick<BenchResult["requests"], "failed" | "unanswered" | "unsent">,
): number {
  return failed + unanswered + unsent;
}

/** The share of the requests that failed, or were never sent or answered, from 0 to 1. */
export function failedShareOf(requests: BenchResult["requests"]): number {
  const failed = endlessOf(requests);
  return failed / Math.max(1, requests.answered + failed);
}

/** What happened in a slice of the measurement. */
export type Slice = BenchResult["timeline"][number];

/** The figures of one run of several. */
export type RunFigures = NonNullable<BenchResult["runs"]>[number];

/** What the generator knows of itself. */
export type Instrument = BenchResult["instrument"];

/** Where and how it was measured. */
export type RunInfo = Pick<
  BenchResult,
  "netecho" | "started" | "command" | "environment" | "address"
>;

/** A search for the highest rate that holds a condition. */
export type Search = NonNullable<BenchResult["search"]>;

/** A figure of two results. */
export type Comparison = NonNullable<BenchResult["comparison"]>[number];
