/** What is told where there is no result. */
import { writeText } from "../core/io.ts";
import { NetworkError } from "../core/errors.ts";
import type { RunInfo } from "../report/result.ts";
import { runInfo } from "../report/run_info.ts";
import type { ModeContext } from "./mode.ts";

/** Where and how something is measured, from now on. */
export function settingOf(
  { target: { address }, commandLine: { args }, clock }: ModeContext,
): RunInfo {
  return runInfo({ address, args, clock });
}

/** Ends a measurement that a second signal has stopped. */
export function giveUp(): never {
  throw new NetworkError("Stopped before the end");
}

/** Throws the error; with `json`, stdout is JSON even then, and has what is known besides. */
export async function failWith(
  error: unknown,
  { context, json, schema, known = {} }: {
    readonly context: ModeContext;
    readonly json: boolean;
    readonly schema: string;
    readonly known?: object;
  },
): Promise<never> {
  if (json && error instanceof NetworkError) {
    const failure = { schema, ...settingOf(context), error: error.message, ...known };
    await writeText(context.output, `${JSON.stringify(failure, null, 2)}\n`);
  }
  throw error;
}
