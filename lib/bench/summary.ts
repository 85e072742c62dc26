/** Making a result of a measurement. */
import { SCHEMA_VERSION } from "../report/schema_version.ts";
import { LONGEST_WAIT_MS, roundMs } from "../core/units.ts";
import { distribution } from "../report/distribution.ts";
import type { BenchLoad } from "../report/load.ts";
import type { ExchangeSpec } from "../probe/own_request.ts";
import { preview } from "../terminal/sanitize.ts";
import { instrumentOf } from "./instrument.ts";
import type { Measurement } from "./measurement.ts";
import { type BenchResult, endlessOf, type RunInfo } from "../report/result.ts";

const MAX_SHOWN_BYTES = 256; // of a request

/** The result of a measurement. */
export function summarise(measured: Measurement, { load, run }: {
  readonly load: BenchLoad;
  readonly run: RunInfo;
}): BenchResult {
  const { recorder, elapsedMs, inFlight, unanswered, unsent, gone, timeline } = measured;
  const { latency, uncorrected, failed, errors, parts, answers } = recorder;
  const requests = {
    answered: latency.count,
    answeredAfter: recorder.after,
    ...{ failed, inFlight, unanswered, unsent },
  };
  const rate = elapsedMs > 0 ? recorder.arrived * 1000 / elapsedMs : 0;
  return {
    schema: SCHEMA_VERSION,
    ...run,
    load: described(load),
    elapsedMs: roundMs(elapsedMs),
    requests,
    ...(!load.connect && {
      connections: {
        used: answers.filter((count) => count > 0).length,
        leastAnswers: answers.reduce((least, count) => Math.min(least, count), Infinity),
        mostAnswers: answers.reduce((most, count) => Math.max(most, count), 0),
        reconnects: recorder.reconnects,
        ...(recorder.tcp && { tcp: recorder.tcp }),
      },
    }),
    ...(gone && { gone: true as const }),
    errors: Object.fromEntries([...errors].toSorted(([, one], [, other]) => other - one)),
    rate: roundMs(rate),
    latency: distribution(latency, endlessOf(requests)),
    ...(uncorrected && { uncorrected: distribution(uncorrected, failed + unanswered) }),
    ...(parts.size > 0 && {
      parts: Object.fromEntries([...parts].map(([name, times]) => [name, distribution(times)])),
    }),
    timeline,
    instrument: instrumentOf(measured, { load, rate, endless: endlessOf(requests) }),
  };
}

/** The load as a result has it: what was not asked for is left out. */
export function described(
  { rate, requests, exchanges, duration, offset: _, ...load }: BenchLoad,
): BenchResult["load"] {
  return {
    ...load,
    ...(duration < LONGEST_WAIT_MS && { duration }),
    ...(exchanges && { exchanges: exchanges.map(describedExchange) }),
    ...(rate !== undefined && { rate }),
    ...(requests !== undefined && { requests }),
  };
}

function describedExchange(
  { send, expect, expectBytes, expectLine, weight }: ExchangeSpec,
): NonNullable<BenchResult["load"]["exchanges"]>[number] {
  return {
    send: preview(send, MAX_SHOWN_BYTES),
    expect: [...expect],
    ...(expectBytes !== undefined && { expectBytes }),
    ...(expectLine && { expectLine }),
    weight,
  };
}
