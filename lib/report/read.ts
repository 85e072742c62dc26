/** Results that were kept in files, by this program or by others. */
import { readFile } from "../cli/files.ts";
import { UsageError } from "../core/errors.ts";
import type { BenchResult } from "./result.ts";
import { SCHEMA_VERSION } from "./schema_version.ts";

/** A file that should hold a result, and what it holds. */
export interface ResultFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a file that should hold a result.
 *
 * @throws {UsageError} where it cannot be read
 */
export function readResultFile(path: string): ResultFile {
  return { path, bytes: readFile(path) };
}

/**
 * The result that a file holds.
 *
 * @throws {UsageError} where it holds none, naming what is wrong with it
 */
export async function parseResult({ path, bytes }: ResultFile): Promise<BenchResult> {
  const { safeParse, getDotPath } = await import("valibot");
  const { benchResultSchema } = await import("./schema.ts");
  const what = `${path} is no result of --bench --json (${SCHEMA_VERSION})`;
  const parsed = safeParse(benchResultSchema, parseJson(bytes, what));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new UsageError(`${what}: ${getDotPath(issue) ?? "it"} ${issue.message.toLowerCase()}`);
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new UsageError(what);
  }
}
