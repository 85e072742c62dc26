/**
 * Conditions on a result, as gates and searches have them: `p99<5ms`, `errors=0`, `rate>=1000/s`.
 */
import { UsageError } from "../core/errors.ts";
import {
  formatCount,
  formatDuration,
  formatFigures,
  parseDuration,
  parseFrequency,
} from "../core/units.ts";
import { ENDLESS_MS, type PercentileName, PERCENTILES } from "./distribution.ts";
import { type BenchResult, endlessOf, failedShareOf } from "./result.ts";

/** What a condition is about: how its values are read, written and found. */
interface Metric {
  read(text: string): number;
  write(value: number): string;
  /** Undefined where the result has no such value. */
  find(result: BenchResult): number | undefined;
}

/** A condition. */
export interface Condition {
  /** As it was given. */
  readonly text: string;
  holds(result: BenchResult): boolean;
  /** Whether no result can hold it. */
  readonly isImpossible: boolean;
  /** What the result has, as `p99 is 7.1 ms`. */
  describe(result: BenchResult): string;
  /** The value itself; NaN where there is none. */
  value(result: BenchResult): number;
}

const OPERATORS: ReadonlyMap<string, (one: number, other: number) => boolean> = new Map([
  ["<", (one, other) => one < other],
  ["<=", (one, other) => one <= other],
  [">", (one, other) => one > other],
  [">=", (one, other) => one >= other],
  ["=", (one, other) => one === other],
]);

const METRICS: Readonly<Record<string, Metric>> = {
  min: latency(({ latency }) => latency.minMs),
  mean: latency(unlessEndless(({ latency }) => latency.meanMs)),
  max: latency(unlessEndless(({ latency }) => latency.maxMs)),
  ...Object.fromEntries(PERCENTILES.map((name) => [name, percentile(name)])),
  rate: {
    read: parseFrequency,
    write: (rate) => `${formatFigures(rate)}/s`,
    find: ({ rate }) => rate,
  },
  errors: number(({ errors, requests: { unanswered } }) =>
    Object.values(errors).reduce((sum, count) => sum + count, unanswered)
  ),
  answered: number(({ requests }) => requests.answered),
  unsent: number(({ requests }) => requests.unsent),
};

function latency(find: Metric["find"]): Metric {
  return {
    read: parseDuration,
    write: formatDuration,
    find: (result) => result.latency.count > 0 ? find(result) : undefined,
  };
}

function percentile(name: PercentileName): Metric {
  return latency(({ latency }) => {
    const value = latency.percentilesMs[name];
    return value === ENDLESS_MS ? Infinity : value;
  });
}

function unlessEndless(find: (result: BenchResult) => number): (result: BenchResult) => number {
  return (result) => endlessOf(result.requests) > 0 ? Infinity : find(result);
}

function number(find: Metric["find"]): Metric {
  return { read: readCount, write: formatCount, find };
}

/**
 * Reads a condition.
 *
 * @throws {UsageError} saying what is wrong with it
 * @example
 * ```ts
 * import { parseCondition } from "./conditions.ts";
 * import { UsageError } from "../core/errors.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseCondition("p99 < 5ms").text, "p99<5ms");
 * assertThrows(() => parseCondition("p42<5ms"), UsageError, "p42");
 * ```
 */
export function parseCondition(given: string): Condition {
  const [, name, operator, limit] = /^\s*([\w.]+)\s*([<>]=?|=)\s*(.+?)\s*$/.exec(given) ?? [];
  if (name === undefined || operator === undefined || limit === undefined) {
    throw new UsageError(`a condition such as "p99<5ms" or "errors>0" is needed, not "${given}"`);
  }
  const metric = Object.hasOwn(METRICS, name) ? METRICS[name]! : unknown(name);
  const bound = metric.read(limit);
  const compare = OPERATORS.get(operator)!;
  const value = (result: BenchResult) => metric.find(result) ?? NaN;
  return {
    text: `${name}${operator}${limit}`,
    isImpossible: operator === "<" && bound === 0,
    holds: (result) => compare(value(result), bound),
    value,
    describe(result) {
      const found = value(result);
      if (Number.isNaN(found)) return `there is no ${name}`;
      if (found !== Infinity) return `${name} is ${metric.write(found)}`;
      const share = (failedShareOf(result.requests) * 100).toFixed(1);
      return `${name} is endless: ${share}% of the requests failed, or were never sent or answered`;
    },
  };
}

/**
 * Reads a limit that a higher rate sooner or later breaks.
 *
 * @throws {UsageError} for a condition that it would never break, or always
 */
export function parseLimit(given: string): Condition {
  const condition = parseCondition(given);
  if (condition.isImpossible) {
    throw new UsageError(`a limit above 0 is needed: nothing is "${condition.text}"`);
  }
  if (/^[\w.]+(<|=)/.test(condition.text) && !/^(rate|answered)/.test(condition.text)) {
    return condition;
  }
  throw new UsageError(`a limit from above such as "p99<5ms" is needed, not "${given}"`);
}

function unknown(name: string): never {
  const among = Object.keys(METRICS);
  throw new UsageError(`"${name}" is none of ${among.join(", ")}`, { given: name, among });
}

function readCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`a whole number is needed, not "${text}"`);
}
