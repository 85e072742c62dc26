/** Several results, of several machines, as one. */
import { addTcp, type TcpTotals } from "../net/tcp_info.ts";
import { UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import type { Histogram, Histograms } from "../core/histogram.ts";
import { rejectDifferentLoads } from "./likeness.ts";
import { type Distribution, distribution } from "./distribution.ts";
import { type BenchResult, endlessOf, type Instrument, type Slice } from "./result.ts";

type Connections = NonNullable<BenchResult["connections"]>;

/**
 * Adds results of several machines up. What cannot be added, the percentiles of the timelines, is
 * left out.
 *
 * @throws {UsageError} where they are of different kinds of load, or of different times
 */
export function merge(
  results: readonly [BenchResult, ...BenchResult[]],
  histograms: Histograms,
): BenchResult {
  rejectDifferentLoads(results, "merge");
  rejectDifferentTransports(results);
  rejectTwins(results);
  rejectDifferentTimes(results);
  return {
    ...sum(results, histograms),
    machines: results.reduce((sum, { machines = 1 }) => sum + machines, 0),
  };
}

/** Adds results up. Distributions are added as such: no percentile is made of percentiles. */
export function sum(
  results: readonly [BenchResult, ...BenchResult[]],
  histograms: Histograms,
): BenchResult {
  const { schema, netecho, command, environment, load: { duration: _, ...load } } = results[0];
  const address = [...new Set(results.map(({ address }) => address))].join(", ");
  const total = (of: (result: BenchResult) => number | undefined) =>
    results.reduce((sum, result) => sum + (of(result) ?? 0), 0);
  const add = (of: (result: BenchResult) => Distribution | undefined, endless = 0) => {
    const some = results.map(of).filter((distribution) => distribution !== undefined);
    return some.length > 0 ? distribution(together(some, histograms), endless) : undefined;
  };
  const requests = addCounts(results.map(({ requests }) => requests)) as BenchResult["requests"];
  const connections = results.map(({ connections }) => connections)
    .filter((each) => each !== undefined);
  const { failed, unanswered } = requests;
  const uncorrected = add(({ uncorrected }) => uncorrected, failed + unanswered);
  const names = new Set(results.flatMap(({ parts = {} }) => Object.keys(parts)));
  const parts = Object.fromEntries(
    [...names].map((name) => [name, add(({ parts }) => parts?.[name])!]),
  );
  const started = results.map(({ started }) => started).toSorted()[0]!;
  return {
    ...{ schema, netecho, started, command, environment, address },
    load: {
      ...load,
      connections: total(({ load }) => load.connections),
      workers: Math.max(...results.map(({ load }) => load.workers)),
      ...(load.requests === undefined && {
        duration: Math.max(...results.map(({ load: { duration = 0 } }) => duration)),
      }),
      ...(load.requests !== undefined && { requests: total(({ load }) => load.requests) }),
      ...(load.rate !== undefined && { rate: total(({ load }) => load.rate) }),
    },
    elapsedMs: Math.max(...results.map(({ elapsedMs }) => elapsedMs)),
    requests,
    ...(connections.length === results.length && { connections: addConnections(connections) }),
    errors: addCounts(results.map(({ errors }) => errors)),
    rate: total(({ rate }) => rate),
    latency: add(({ latency }) => latency, endlessOf(requests))!,
    ...(uncorrected && { uncorrected }),
    ...(names.size > 0 && { parts }),
    timeline: addTimelines(results),
    ...(results.some(({ interrupted }) => interrupted) && { interrupted: true as const }),
    ...(results.some(({ gone }) => gone) && { gone: true as const }),
    instrument: worst(results.map(({ instrument }) => instrument)),
  };
}

function rejectDifferentTransports([first, ...others]: readonly BenchResult[]): void {
  const transport = ({ address }: BenchResult) => address.replace(/:.*/, "");
  const other = others.find((result) => transport(result) !== transport(first!));
  if (!other) return;
  throw new UsageError(
    `Cannot merge different transports: ${first!.address}, and ${other.address}`,
  );
}

// Rates of different times do not add up. Clocks of machines differ by less than a run lasts.
function rejectDifferentTimes(results: readonly BenchResult[]): void {
  const begins = results.map(({ started }) => Date.parse(started));
  const ends = results.map(({ load: { ramp, warmup }, elapsedMs }, index) =>
    begins[index]! + ramp + warmup + elapsedMs
  );
  if (Math.max(...begins) <= Math.min(...ends)) return;
  throw new UsageError(
    "Cannot merge results of different times: one had ended before another one began; for runs " +
      "one after the other, use --repeat",
  );
}

function rejectTwins(results: readonly BenchResult[]): void {
  const known = new Set(results.map(({ started, latency }) => started + latency.hdr));
  if (known.size === results.length) return;
  throw new UsageError("Cannot merge a result with itself: two of the files hold the same one");
}

function together(distributions: readonly Distribution[], histograms: Histograms): Histogram {
  const whole = histograms.create();
  for (const { hdr } of distributions) whole.add(decode(hdr, histograms));
  return whole;
}

function addConnections(all: readonly Connections[]): Connections {
  const total = (of: (one: Connections) => number) => all.reduce((sum, one) => sum + of(one), 0);
  const tcp = all.map(({ tcp }) => tcp).reduce<TcpTotals | undefined>(addTcp, undefined);
  return {
    used: total(({ used }) => used),
    leastAnswers: Math.min(...all.map(({ leastAnswers }) => leastAnswers)),
    mostAnswers: Math.max(...all.map(({ mostAnswers }) => mostAnswers)),
    reconnects: total(({ reconnects }) => reconnects),
    ...(tcp && { tcp }),
  };
}

function decode(hdr: string, histograms: Histograms): Histogram {
  try {
    return histograms.decode(hdr);
  } catch (error) {
    throw new UsageError(`Cannot merge: a histogram is damaged (${explain(error)})`);
  }
}

function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [key, count] of all.flatMap((counts) => Object.entries(counts))) {
    sums.set(key, (sums.get(key) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}

// The first slices of all together, the second ones, and so on, where they are of one length.
function addTimelines(results: readonly BenchResult[]): Slice[] {
  if (results.some(({ load }) => load.slice !== results[0]!.load.slice)) return [];
  const timelines = results.map(({ timeline }) => timeline);
  const longest = timelines.toSorted((one, other) => other.length - one.length)[0]!;
  return longest.map(({ atMs, lastedMs }, index) => {
    const some = timelines.map((timeline) => timeline[index]).filter((slice) =>
      slice !== undefined
    );
    return {
      atMs,
      lastedMs,
      answered: some.reduce((sum, { answered }) => sum + answered, 0),
      failed: some.reduce((sum, { failed }) => sum + failed, 0),
      maxMs: Math.max(...some.map(({ maxMs }) => maxMs)),
    };
  });
}

function worst(instruments: readonly Instrument[]): Instrument {
  const names = Object.keys(instruments[0]!.latenessMs) as (keyof Instrument["latenessMs"])[];
  const most = (of: (instrument: Instrument) => number) => Math.max(...instruments.map(of));
  const warning = instruments.find(({ warning }) => warning)?.warning;
  return {
    resolutionMs: most(({ resolutionMs }) => resolutionMs),
    cpu: most(({ cpu }) => cpu),
    latenessMs: Object.fromEntries(
      names.map((name) => [name, most(({ latenessMs }) => latenessMs[name])]),
    ) as Instrument["latenessMs"],
    ...(instruments.every(({ stalledMs }) => stalledMs !== undefined) && {
      stalledMs: most(({ stalledMs = 0 }) => stalledMs),
    }),
    ...(warning && { warning }),
  };
}
