/** Results that were kept in files, by this program or by whomever. */
import { UsageError } from "../core/errors.ts";
import { readFile } from "../cli/options.ts";
import { type BenchResult, SCHEMA } from "./result.ts";

/** What is read of a result, by path, and of what type it is. */
const NEEDED: Readonly<Record<string, "string" | "number" | "boolean" | "object">> = {
  netecho: "string",
  started: "string",
  command: "string",
  address: "string",
  elapsedMs: "number",
  rate: "number",
  environment: "object",
  errors: "object",
  timeline: "object",
  "load.connections": "number",
  "load.size": "number",
  "load.pipeline": "number",
  "load.connect": "boolean",
  "load.self": "boolean",
  "load.slice": "number",
  "load.workers": "number",
  "requests.answered": "number",
  "requests.failed": "number",
  "requests.inFlight": "number",
  "requests.unanswered": "number",
  "requests.unsent": "number",
  "latency.count": "number",
  "latency.maxMs": "number",
  "latency.hdr": "string",
  "latency.percentilesMs.p50": "number",
  "latency.percentilesMs.p99": "number",
  "instrument.cpu": "number",
  "instrument.resolutionMs": "number",
  "instrument.latenessMs": "object",
};

/**
 * The result that a file holds.
 *
 * @throws {UsageError} where it holds none
 */
export function readResult(path: string): BenchResult {
  const text = new TextDecoder().decode(readFile(path));
  try {
    const result: unknown = JSON.parse(text);
    if (isResult(result)) return result;
  } catch {
    // As for another document.
  }
  throw new UsageError(`${path} is no result of --bench --json (${SCHEMA})`);
}

function isResult(value: unknown): value is BenchResult {
  return at(value, "schema") === SCHEMA &&
    Object.entries(NEEDED).every(([path, type]) => typeof valueAt(value, path) === type) &&
    ["rate", "requests"].every((key) => isNumberOrAbsent(valueAt(value, `load.${key}`))) &&
    isNumberOrAbsent(at(value, "machines"));
}

function isNumberOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "number";
}

// Names may have a dot in them, but none that is needed has.
function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce(at, value);
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
