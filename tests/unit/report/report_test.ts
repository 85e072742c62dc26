import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { loadHistograms } from "../../../lib/core/histogram.ts";
import { compare, rankSum } from "../../../lib/report/compare.ts";
import { unlike } from "../../../lib/report/likeness.ts";
import { distribution, ENDLESS_MS } from "../../../lib/report/distribution.ts";
import { parseResult } from "../../../lib/report/read.ts";
import { parseCondition } from "../../../lib/report/conditions.ts";
import type { BenchLoad } from "../../../lib/report/load.ts";
import { inTurn } from "../../../lib/report/repeat.ts";
import { merge } from "../../../lib/report/merge.ts";
import { Recorder } from "../../../lib/bench/recorder.ts";
import { sliceOf } from "../../../lib/bench/measurement.ts";
import type { BenchResult, Comparison, RunFigures, Slice } from "../../../lib/report/result.ts";
import { describeComparison } from "../../../lib/report/describe.ts";
import { seeded } from "../../../lib/core/random.ts";
import { schedule } from "../../../lib/bench/schedule.ts";
import { findRate } from "../../../lib/bench/rate_search.ts";
import { summarise } from "../../../lib/bench/summary.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import { html } from "../../../lib/report/formats/html.ts";
import { json } from "../../../lib/report/formats/json.ts";
import { reports } from "../../../lib/report/formats.ts";
import { text } from "../../../lib/report/formats/text.ts";
import { assertThrows } from "@std/assert";
import chartScript from "../../../lib/report/html/charts.js" with { type: "text" };
import throughputCharts from "../../../lib/throughput/charts.js" with { type: "text" };
import loadCharts from "../../../lib/report/html/load_charts.js" with { type: "text" };
import { needing } from "../../support/skips.ts";
import { randomWords } from "../../support/bytes.ts";
import { runProgram } from "../../support/programs.ts";

const histograms = await loadHistograms();

const SETTING = {
  netecho: "0.1.0",
  started: "2026-01-02T03:04:05.678Z",
  command: "netecho client '</script><b>&'",
  environment: { os: "linux", arch: "x86_64", cpus: 2, deno: "2.9.6" },
  address: "tcp://127.0.0.1:8080",
};

/** A result of 10 s with latencies from a seed, `factor` times as long. */
function resultOf(
  { seed = 1, factor = 1, rate = 1000, failed = 3 }: {
    seed?: number;
    factor?: number;
    rate?: number | undefined;
    failed?: number;
  } = {},
): BenchResult {
  const next = randomWords(seed);
  const recorder = new Recorder(histograms, { rate: 1000, connections: 5 });
  recorder.setWindow(0, 10_010);
  const timeline: Slice[] = [];
  for (let at = 0; at < 10_000; at++) {
    const latency = factor * (0.1 + 5 * (next() / 2 ** 32) ** 8);
    recorder.recordAnswer(at + latency, { due: at, sent: at + latency / 2, slot: at % 5 });
    if (at % 250 === 249) timeline.push(sliceOf(recorder.endSlice(at + 1)));
  }
  for (let count = 0; count < failed; count++) recorder.recordFailure(5, "closed by the peer");
  const load: BenchLoad = {
    connections: 5,
    size: 64,
    pipeline: 1,
    rate,
    duration: 10_000,
    requests: undefined,
    warmup: 0,
    ramp: 0,
    connect: false,
    timeout: 1000,
    connectTimeout: 1000,
    slice: 250,
    workers: 1,
    self: false,
  };
  const measured = {
    elapsedMs: 10_000,
    inFlight: 0,
    unanswered: 0,
    unsent: 0,
    gone: false,
    cpu: 0.5,
    isAlone: true,
  };
  return summarise({ ...measured, recorder, timeline }, { load, run: SETTING });
}

for (const report of reports) {
  Deno.test(`report ${report.name}: is pure, and bears its name`, async () => {
    assertMatch(report.summary, /^\S.{5,90}[^.\s]$/);
    const result = resultOf();
    assertEquals(
      await report.render(result),
      await report.render(JSON.parse(await json.render(result))),
    );
  });
}

Deno.test("text: no line is longer than a terminal", async () => {
  for (const line of (await text.render(resultOf())).split("\n")) assert(line.length <= 80, line);
});

Deno.test("text: an interrupted number of requests names the rest", async () => {
  const result = resultOf();
  const load = { ...result.load, requests: 20_000 };
  const lines = (await text.render({ ...result, load, interrupted: true })).split("\n");
  assert(lines.includes("unsent      the rest of 20,000 requests, as it was interrupted"));
});

Deno.test("html: the numbers are the JSON's, and nothing in them ends a script", async () => {
  const result = resultOf();
  const page = await html.render(result);
  const [, data] = /<script type="application\/json" id="result">(.*?)<\/script>/.exec(page)!;
  assertEquals(JSON.parse(data!), JSON.parse(await json.render(result)));
  assert(!page.includes("<b>&"));
  assertEquals(page.match(/<\/script>/g)!.length, 2);
  assertStringIncludes(page, "default-src 'none'"); // the browser itself keeps it from loading
  assert(!/<(link|img|iframe)|src=/.test(page.replaceAll(/<script.*?<\/script>/gs, "")));
});

for (
  const [name, flags] of [["light", []], ["dark", [
    "--blink-settings=preferredColorScheme=0",
  ]]] as const
) {
  Deno.test({
    ...needing(["chromium"], `html: opens in a browser without an error, ${name}`),
    async fn() {
      const folder = await Deno.makeTempDir();
      const page = `${folder}/report.html`;
      await Deno.writeTextFile(page, await html.render(resultOf()));
      const always = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"];
      const { text: dom, stderr } = await runProgram(["chromium", [
        ...always,
        ...flags,
        `--user-data-dir=${folder}/profile`,
        "--window-size=390,800",
        "--dump-dom",
        `file://${page}`,
      ]]);
      assertEquals(stderr.split("\n").filter((line) => line.includes("CONSOLE")), []);
      assertEquals(dom.match(/<canvas/g)?.length, 3);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test("html: where nothing was answered, no line is drawn", () => {
  const result = resultOf();
  const outage = { ...result.timeline[0]!, answered: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
  const timeline = result.timeline.map((slice, index) =>
    index >= 10 && index < 20 ? { ...outage, atMs: slice.atMs } : slice
  );
  const latency = chartsOf({ ...result, timeline }).get("latency");
  const [, ...lines] = latency!.data;
  assertEquals(lines.length, 3);
  for (const line of lines) {
    assertEquals(line.flatMap((value, index) => value === null ? [index] : []), range(10, 20));
  }
  assert(latency!.series.slice(1).every(({ spanGaps }) => !spanGaps));
});

Deno.test("html: a throughput draws each direction, and what was sent again or lost", () => {
  const interval = (direction: string, toMs: number, more: object) => ({
    ...{ direction, fromMs: toMs - 1000, toMs, omitted: false, bitsPerSecond: toMs, lost: 0 },
    ...more,
  });
  const intervals = [1000, 2000].flatMap((toMs) => [
    interval("up", toMs, { retransmits: 3 }),
    interval("down", toMs, { lost: 5 }),
  ]);
  const charts = chartsOf({ intervals }, throughputCharts);
  assertEquals(charts.get("rate")!.data, [[0, 1, 2], [1000, 1000, 2000], [1000, 1000, 2000]]);
  assertEquals(charts.get("trouble")!.data, [[0, 1, 2], [3, 3, 3], [5, 5, 5]]);
});

interface Chart {
  readonly data: readonly (readonly (number | null)[])[];
  readonly series: readonly { readonly spanGaps: boolean }[];
}

/** What the page asks its chart library to draw. */
function chartsOf(result: unknown, describing = loadCharts): ReadonlyMap<string, Chart> {
  const charts = new Map<string, Chart>();
  const element = (id: string) => ({
    id,
    textContent: JSON.stringify(result),
    clientWidth: 800,
    replaceChildren() {},
  });
  const globals = {
    uPlot: function (
      { series }: { series: Chart["series"] },
      data: Chart["data"],
      { id }: { id: string },
    ) {
      charts.set(id, { data, series });
    },
    document: { getElementById: element, body: { style: {} } },
    getComputedStyle: () => ({}),
    matchMedia: () => ({ addEventListener() {} }),
    addEventListener() {},
    innerWidth: 800,
  };
  const script = `${chartScript}${describing}`;
  new Function(...Object.keys(globals), script)(...Object.values(globals));
  return charts;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

Deno.test("merge: two halves are the whole; different loads are refused", async () => {
  const [one, other] = [resultOf({ seed: 1 }), resultOf({ seed: 2 })];
  const both = merge([one, other], histograms);
  assertEquals(both.latency.count, 20_000);
  assertEquals(both.requests.failed, 6);
  assertEquals(both.errors, { "closed by the peer": 6 });
  assertEquals(both.load.rate, 2000);
  assertEquals(both.timeline[3]!.answered, one.timeline[3]!.answered + other.timeline[3]!.answered);
  const p99 = both.latency.percentilesMs["p99"]!;
  const of = (result: BenchResult) => result.latency.percentilesMs["p99"]!;
  assert(p99 >= Math.min(of(one), of(other)) && p99 <= Math.max(of(one), of(other)));
  const { rate: _, ...load } = one.load;
  const closed = { ...one, load };
  assertThrows(() => merge([one, closed], histograms), UsageError, "different");
  const elsewhere = { ...other, address: other.address.replace(/^\w+/, "udp") };
  assertThrows(() => merge([one, elsewhere], histograms), UsageError, "different transports");
  await text.render(both);
  await html.render(both);
});

Deno.test("comparison: the same distribution is noise, one that is half as slow again is a change", () => {
  const verdicts = (now: BenchResult) =>
    Object.fromEntries(compare(now, resultOf()).map(({ name, verdict }) => [name, verdict]));
  assertEquals(verdicts(resultOf({ seed: 7 })), {
    rate: "noise",
    p50: "noise",
    p99: "noise",
    max: "noise",
    failed: "noise",
  });
  const { p50, p99, rate } = verdicts(resultOf({ seed: 7, factor: 1.5 }));
  assertEquals([p50, p99, rate], ["changed", "changed", "noise"]);
  const short = { ...resultOf(), timeline: resultOf().timeline.slice(0, 5) };
  assertEquals(compare(short, resultOf())[0]!.verdict, "unknown");
  assertEquals(rankSum([1, 2, 3], [4, 5, 6]) > 0, true);
});

Deno.test("condition: each metric is found, compared and described", () => {
  const result = resultOf();
  const holds = (given: string) => parseCondition(given).holds(result);
  assertEquals(
    ["p50<1ms", "p50>1ms", "errors=3", "errors<3", "rate>=1000", "rate>1k/s"].map(holds),
    [
      true,
      false,
      true,
      false,
      true,
      false,
    ],
  );
  assertStringIncludes(parseCondition("rate<2k/s").describe(result), "rate is 1,000/s");
  for (const wrong of ["p99", "p99<", "p99<5", "speed>1", "rate<x", "errors>-1", "constructor>1"]) {
    assertThrows(() => parseCondition(wrong), UsageError);
  }
});

Deno.test("schedule: as many requests in a ramp as the rising rate has room for", () => {
  const { at, before } = schedule({ rate: 1000, ramp: 1000 }, 0);
  const moments = Array.from({ length: 1500 }, (_, index) => at(index));
  assert(moments.every((moment, index) => index === 0 || moment > moments[index - 1]!));
  assertEquals(moments.filter((moment) => moment < 1000).length, 500);
  assertEquals(moments.filter((moment) => moment < 500).length, 125); // a quarter in the first half
  assert(Math.abs(moments[1499]! - 1999) < 1e-6);
  for (const index of [0, 1, 77, 499, 500, 501, 1499]) assertEquals(before(at(index)), index);
});

Deno.test("search: finds the highest rate that a peer of known capacity holds", async () => {
  const capacity = 12_345;
  const condition = parseCondition("p99<5ms");
  const result = resultOf();
  const isStopped = () => false;
  const trial = (wanted: number | undefined) => {
    const rate = Math.min(wanted ?? capacity * 1.2, capacity);
    const slow = (wanted ?? Infinity) > capacity * 0.8;
    const percentilesMs = { ...result.latency.percentilesMs, p99: slow ? 9 : 1 };
    return Promise.resolve({ ...result, rate, latency: { ...result.latency, percentilesMs } });
  };
  const found = await findRate(condition, { trial, isStopped });
  const { highest = 0, trials } = found.search!;
  assert(highest <= capacity * 0.8 && highest > capacity * 0.8 / 1.06, `${highest}`);
  assert(trials.length <= 10);
  const percentilesMs = { ...result.latency.percentilesMs, p99: 9 };
  const slow = () => Promise.resolve({ ...result, latency: { ...result.latency, percentilesMs } });
  const never = await findRate(condition, { trial: slow, isStopped });
  assertEquals(never.search!.highest, undefined);
});

Deno.test("the JSON schema in .github is that of the program (deno task schema)", async () => {
  const { benchJsonSchema, SCHEMA_FILE } = await import("../../../.github/tools/bench_schema.ts");
  assertEquals(JSON.parse(await Deno.readTextFile(SCHEMA_FILE)), benchJsonSchema());
});

Deno.test("percentiles: what was never answered is longer than any answer, in each report", async () => {
  // 3 of 100 are endless: by an exact sort p97 is the last answer, and p98 has none.
  const answers = Array.from({ length: 97 }, (_, index) => index + 1);
  const histogram = histograms.create();
  for (const answer of answers) histogram.record(answer);
  const { percentilesMs, curve, count, maxMs } = distribution(histogram, 3);
  const sorted = [...answers, Infinity, Infinity, Infinity];
  const exact = (percent: number) => sorted[Math.ceil(percent) - 1]!;
  assertEquals([count, maxMs], [97, 97]);
  for (const percent of [50, 75, 90, 95] as const) {
    const found = percentilesMs[`p${percent}`];
    assert(Math.abs(found - exact(percent)) <= 0.001 * exact(percent), `p${percent}: ${found}`);
  }
  for (const name of ["p99", "p99.9"] as const) assertEquals(percentilesMs[name], ENDLESS_MS);
  assert(curve.every(([percent, ms]) => percent <= 97 && ms <= 97));
  assertEquals(distribution(histograms.create(), 1).percentilesMs.p50, ENDLESS_MS);

  const result = resultOf({ failed: 200 }); // 2 % of all
  assertEquals(result.latency.percentilesMs.p99, ENDLESS_MS);
  for (const gate of ["p99>1ms", "max>1ms", "mean>1ms"]) {
    assert(parseCondition(gate).holds(result), gate);
    assertMatch(parseCondition(gate).describe(result), /is endless: 2.0% of the requests failed/);
  }
  assert(parseCondition("p95<50ms").holds(result));
  assertMatch(String(await text.render(result)), /^corrected +[\d.]+ +[\d.]+ +endless +endless/m);
  const read = await parseResult({
    path: "",
    bytes: new TextEncoder().encode(JSON.stringify(result)),
  });
  assertEquals(read.latency.percentilesMs.p99, ENDLESS_MS);
  // By an exact sort, whatever share is endless.
  for (let count = 1; count <= 40; count++) {
    const some = histograms.create();
    for (let answer = 1; answer <= count; answer++) some.record(answer);
    for (let endless = 1; endless <= 60; endless++) {
      const { percentilesMs } = distribution(some, endless);
      for (const percent of [50, 75, 90, 95] as const) {
        const rank = Math.ceil(percent * (count + endless) / 100);
        const found = percentilesMs[`p${percent}`];
        assertEquals(
          found === ENDLESS_MS ? Infinity : Math.round(found),
          rank > count ? Infinity : rank,
        );
      }
    }
  }
  const merged = merge([result, resultOf({ seed: 2, failed: 0 })], histograms);
  assertEquals(merged.uncorrected!.percentilesMs["p99.9"], ENDLESS_MS);
  assert(merged.latency.percentilesMs.p95 < 50); // 1 % of both
  assertEquals(merged.latency.percentilesMs["p99.9"], ENDLESS_MS);
});

Deno.test("a closed loop warns of what is the client's own, and of nothing else", () => {
  // 1,000 requests in a second, each answered after 0.1 ms.
  const warningOf = (
    { stalledMs = 0, after = false, self = false, ...changes }: {
      readonly cpu: number;
      readonly isAlone?: boolean;
      readonly stalledMs?: number;
      readonly after?: boolean;
      readonly self?: boolean;
    },
  ) => {
    const recorder = new Recorder(histograms, { rate: undefined, connections: 1 });
    recorder.setWindow(0, 1000);
    for (let due = 0; due < 1000; due++) {
      recorder.recordAnswer(after ? 1001 : due + 0.1, { due, sent: due, slot: 0 });
    }
    recorder.stalledMs = stalledMs;
    const counts = { elapsedMs: 1000, inFlight: 0, unanswered: 0, unsent: 0, gone: false };
    const load = {
      ...resultOf().load,
      ...{ connections: 1, rate: undefined, requests: undefined, duration: 1000, self },
      exchanges: undefined,
    };
    const measured = { ...counts, isAlone: true, timeline: [], ...changes, recorder };
    return summarise(measured, { load, run: SETTING }).instrument.warning ?? "none";
  };
  // 0.6 ms of CPU for each request.
  assertMatch(warningOf({ cpu: 0.6 }), /at p50 half of the latency or more is its own/);
  assertMatch(warningOf({ cpu: 0.95 }), /was the bottleneck: it used 0.95 of 1 core/);
  assertMatch(warningOf({ cpu: 0.3, stalledMs: 400 }), /it stood still, .* for 40 % of the time/);
  assertEquals(warningOf({ cpu: 0.3, stalledMs: 150 }), "none");
  assertEquals(warningOf({ cpu: 0.3 }), "none"); // not for the requests
  assertEquals(warningOf({ cpu: 0.6, isAlone: false }), "none");
  assertEquals(warningOf({ cpu: 0.6, self: true }), "none"); // the peer's too
  assertEquals(warningOf({ cpu: 0.6, after: true }), "none"); // no rate
});

Deno.test("connections: those that were answered, and how often each was", () => {
  const recorder = new Recorder(histograms, { rate: undefined, connections: 3 });
  recorder.setWindow(0, 100);
  for (const slot of [0, 0, 2]) recorder.recordAnswer(1, { due: 0, sent: 0, slot });
  recorder.recordAnswer(101, { due: 99, sent: 99, slot: 0 });
  recorder.recordReconnect(50);
  const other = new Recorder(histograms, { rate: undefined, connections: 0 });
  other.add(recorder.encode());
  const whole = { ...resultOf().load, connections: 3, rate: undefined, requests: undefined };
  const counts = {
    elapsedMs: 100,
    inFlight: 1,
    unanswered: 0,
    unsent: 0,
    gone: false,
    cpu: 0.5,
    isAlone: true,
    timeline: [],
  };
  const { connections, requests } = summarise({ ...counts, recorder: other }, {
    load: { ...whole, duration: 100, exchanges: undefined },
    run: SETTING,
  });
  assertEquals(connections, { used: 2, leastAnswers: 0, mostAnswers: 3, reconnects: 1 });
  assertEquals([requests.answered, requests.answeredAfter], [4, 1]);
});

Deno.test("instrument: a client is not late where the peer does not answer at all", () => {
  const recorder = new Recorder(histograms, { rate: 1000, connections: 1 });
  recorder.setWindow(0, 1000);
  for (let due = 0; due < 100; due++) {
    recorder.recordLateness(due, 0.09);
    recorder.recordAnswer(due + 0.1, { due, sent: due + 0.09, slot: 0 });
  }
  const about = {
    load: {
      ...resultOf().load,
      duration: 1000,
      rate: 1000,
      requests: undefined,
      exchanges: undefined,
    },
    run: SETTING,
  };
  const measured = {
    ...{ recorder, elapsedMs: 1000, inFlight: 0, unsent: 0, gone: false, cpu: 0.5, isAlone: true },
    timeline: [],
  };
  const warning = (unanswered: number) =>
    summarise({ ...measured, unanswered }, about).instrument.warning;
  assertEquals(
    warning(0),
    "the client itself was late: at p99 half of the latency or more is its own",
  );
  assertEquals(warning(10), undefined);
});

// 40 runs of `--bench --duration 1s` against one server, on a machine with other work to do.
const recorded: RunFigures[] = JSON.parse(
  await Deno.readTextFile(new URL("../../testdata/runs.json", import.meta.url)),
);

/** Compares ten runs with ten others that are `slower` times as slow, `times` times. */
function comparisonsOfRuns(times: number, slower: number): Comparison[][] {
  const random = seeded(5);
  const whole = resultOf();
  const ofRuns = (runs: RunFigures[]): BenchResult => {
    const mean = (of: (run: RunFigures) => number) =>
      runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
    const percentilesMs = {
      ...whole.latency.percentilesMs,
      p50: mean(({ p50Ms }) => p50Ms),
      p99: mean(({ p99Ms }) => p99Ms),
    };
    const latency = { ...whole.latency, percentilesMs, maxMs: mean(({ maxMs }) => maxMs) };
    return { ...whole, runs, rate: mean(({ rate }) => rate), latency };
  };
  return Array.from({ length: times }, () => {
    const order = recorded.map((run) => ({ run, at: random() })).toSorted((a, b) => a.at - b.at);
    const runs = order.map(({ run }) => run);
    const slow = runs.slice(10, 20).map(({ rate, p50Ms, p99Ms, maxMs, failedShare = 0 }) => ({
      failedShare,
      rate: rate / slower,
      p50Ms: p50Ms * slower,
      p99Ms: p99Ms * slower,
      maxMs: maxMs * slower,
    }));
    return compare(ofRuns(slow), ofRuns(runs.slice(0, 10)));
  });
}

const changed = (all: Comparison[][]) =>
  all.filter((one) => one.some(({ verdict }) => verdict === "changed")).length / all.length;

Deno.test("comparison of ten runs with ten: no false alarm, and 10 % are seen", () => {
  const same = changed(comparisonsOfRuns(400, 1));
  assert(same <= 0.05, `${same} of the comparisons of one thing with itself`);
  const slower = changed(comparisonsOfRuns(400, 1.1));
  assert(slower >= 0.9, `${slower} of the comparisons with one 10 % slower`);
});

Deno.test("comparison: an outage counts, and what is unlike is named", () => {
  const one = resultOf();
  const out = (slice: Slice) => ({ atMs: slice.atMs, lastedMs: slice.lastedMs });
  const timeline = resultOf({ seed: 2 }).timeline.map((slice, index) =>
    index < 20 ? { ...out(slice), answered: 0, failed: 0, maxMs: 0 } : slice
  );
  const halted = { ...resultOf({ seed: 2, rate: 1000 }), rate: one.rate / 2, timeline };
  const verdicts = Object.fromEntries(
    compare(halted, one).map(({ name, verdict }) => [name, verdict]),
  );
  assertEquals(verdicts["rate"], "changed");
  const none = { ...one, rate: 0, latency: distribution(histograms.create(), 5) };
  for (const comparison of compare(none, one)) {
    assertEquals(/Infinity|NaN/.test(describeComparison(comparison)), false);
  }
  const load = { ...one.load, connections: 50, slice: 500 };
  assertEquals(unlike({ ...one, load }, one), [
    "connections 5, now 50",
    "slice 250 ms, now 500 ms",
  ]);
  const failedOf = (now: BenchResult, before: BenchResult) =>
    compare(now, before).find(({ name }) => name === "failed")!;
  const failing = { ...one, requests: { ...one.requests, failed: 500 } };
  const told = failedOf(failing, one);
  assertEquals(told.verdict, "changed");
  assertMatch(describeComparison(told), /^0\.03% to 4\.\d+%, \+\d+\.\d%: changed$/);
  assertEquals(inTurn([failing], histograms).runs![0]!.failedShare, told.now);
  // Also what was never answered, which no slice tells of; and none of it by chance.
  const lost = { ...one, requests: { ...one.requests, unanswered: 500 } };
  assertEquals(failedOf(lost, one).verdict, "changed");
  assertEquals(failedOf(one, lost).verdict, "changed");
  const alike = { ...one, requests: { ...one.requests, failed: one.requests.failed + 3 } };
  assertEquals(failedOf(alike, one).verdict, "noise");
  const max = compare({ ...one, load }, one).find(({ name }) => name === "max");
  assertEquals(max!.verdict, "unknown");
});

Deno.test("comparison: one outage among many slices, or in one of several runs, is no noise", () => {
  const sound = resultOf();
  const usual = sound.latency.maxMs;
  const out = { ...resultOf({ seed: 2 }).latency, maxMs: 2500 };
  const verdictOf = (name: string, now: BenchResult, before: BenchResult) =>
    compare(now, before).find((one) => one.name === name)!.verdict;
  const timeline = sound.timeline.map((slice, index) =>
    index === 3 ? { ...slice, maxMs: 2500 } : slice
  );
  const halted = { ...sound, timeline, latency: out };
  assertEquals(verdictOf("max", halted, sound), "changed");
  assertEquals(verdictOf("max", sound, halted), "changed");
  const runs = Array.from({ length: 5 }, () => inTurn([sound], histograms).runs![0]!);
  const slow = runs.map((run, index) => index === 0 ? { ...run, maxMs: 2500 } : run);
  assertEquals(verdictOf("max", { ...halted, runs: slow }, { ...sound, runs }), "changed");
  // A run without an answer is no run like the others, though all that were answered were.
  const silent = inTurn(
    [{ ...sound, rate: 0, latency: distribution(histograms.create()) }],
    histograms,
  );
  assertEquals(silent.runs![0]!.maxMs, ENDLESS_MS);
  const dead = [...runs.slice(1), silent.runs![0]!];
  const slower = { ...sound, rate: sound.rate * 0.8 };
  assertEquals(verdictOf("rate", { ...slower, runs: dead }, { ...sound, runs }), "changed");
  assertEquals(verdictOf("rate", { ...slower, runs }, { ...sound, runs }), "noise");
  // Less than that may be chance, and is not called noise for that.
  const twice = { ...sound, latency: { ...sound.latency, maxMs: usual * 2 } };
  assertEquals(verdictOf("max", { ...twice, runs: slow }, { ...sound, runs }), "unknown");
  // A percentile that has no end any more is as changed as the share that failed.
  const endless = {
    ...sound.latency,
    percentilesMs: { ...sound.latency.percentilesMs, p99: ENDLESS_MS },
  };
  const few = { ...sound, latency: endless };
  assertEquals(verdictOf("p99", few, sound), "unknown");
  const many = { ...few, requests: { ...sound.requests, failed: 500 } };
  assertEquals(verdictOf("p99", many, sound), "changed");
});
