/** Making a result of a measurement. */
import { SCHEMA_VERSION } from "../report/schema_version.ts";
import { LONGEST_WAIT_MS, roundMs } from "../core/units.ts";
import { distribution, percentiles } from "../report/distribution.ts";
import { type BenchLoad, isHeld } from "../report/load.ts";
import type { ExchangeSpec } from "../probe/own_request.ts";
import { preview } from "../terminal/sanitize.ts";
import type { Measurement } from "./measurement.ts";
import { type BenchResult, endlessOf, type Instrument, type RunInfo } from "../report/result.ts";

const MAX_SHOWN_BYTES = 256; // of a request
const MUCH_STALLED = 0.2; // of the time
const MUCH_CPU = 0.5; // of a core; what a request takes of less is mostly not for the request
const BUSY_CPU = 0.9; // of a core; above it the client itself is the limit

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
    instrument: instrument(measured, { load, rate }),
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

function instrument(
  { recorder: { lateness, latency, stalledMs }, cpu, isAlone, unsent, elapsedMs }: Measurement,
  { load, rate }: { readonly load: BenchLoad; readonly rate: number },
): Instrument {
  const known = {
    resolutionMs: roundMs(resolution()),
    cpu: Math.round(cpu * 100) / 100,
    latenessMs: { ...percentiles(lateness), max: roundMs(lateness.max) },
    stalledMs: roundMs(stalledMs),
  };
  if (latency.count === 0) return known;
  // A closed loop that is not busy has no queue of its own: what it adds is its work for a request.
  const late = load.rate === undefined
    ? isAlone && !load.self && rate > 0 && cpu >= MUCH_CPU * load.workers &&
      cpu * 1000 / rate > latency.at(50) / 2
    : lateness.at(99) > latency.at(99) / 2;
  // An open loop looks at the clock all the time.
  const busy = !load.self && cpu >= BUSY_CPU * load.workers &&
    (load.rate === undefined || (unsent > 0 && !isHeld(rate, { target: load.rate })));
  if (busy) {
    return {
      ...known,
      warning: `the client itself was the bottleneck: it used ${known.cpu} of ` +
        `${load.workers === 1 ? "1 core" : `${load.workers} cores`}; ` +
        "the peer may be capable of more (try --workers, or several machines and --merge)",
    };
  }
  const stalled = stalledMs / Math.max(1, elapsedMs * load.workers);
  if (stalled >= MUCH_STALLED) {
    const share = `${Math.round(stalled * 100)} % of the time`;
    return {
      ...known,
      warning: `the client itself was late: it stood still, or waited for a CPU, for ${share}`,
    };
  }
  if (!late) return known;
  return {
    ...known,
    warning: `the client itself was late: at ${load.rate === undefined ? "p50" : "p99"} half of ` +
      "the latency or more is its own",
  };
}

// The smallest step that the clock makes, in milliseconds.
function resolution(): number {
  let smallest = Infinity;
  for (let step = 0, last = performance.now(); step < 1000;) {
    const now = performance.now();
    if (now === last) continue;
    smallest = Math.min(smallest, now - last);
    last = now;
    step++;
  }
  return smallest;
}
