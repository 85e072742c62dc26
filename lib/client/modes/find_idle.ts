/** Find idle: for how long a connection may be silent, through whatever is between. */
import { NetworkError, UsageError } from "../../core/errors.ts";
import { count, interval, type Values } from "../../cli/options.ts";
import { formatDuration, formatQuantity, roundMs } from "../../core/units.ts";
import { formatAddress, showAddress } from "../../net/address.ts";
import type { Exchange } from "../../probe/exchange.ts";
import { exchangeOf } from "../../probe/exchange_of.ts";
import { exchangeOptions, exchangesFrom } from "../../probe/exchange_options.ts";
import { measureOptions, MESSAGE_TIMEOUT_MS } from "../../probe/options.ts";
import { type SilenceResult, trySilence } from "../../probe/silence.ts";
import { writeText } from "../../core/io.ts";
import { defineMode, type ModeContext } from "../mode.ts";

const MAX_STEPS = 1000;

const options = {
  findIdle: interval({
    summary:
      "find the longest silence, up to D, after which a connection still works; connections " +
      "are silent side by side, each longer than the one before",
    excludes: ["show", "retry"],
  }),
  steps: count({ summary: "try N silences", initial: 20, most: MAX_STEPS }),
  timeout: measureOptions.timeout,
  json: measureOptions.json,
  ...exchangeOptions,
};

/** The mode that looks for idle timeouts. */
export const findIdle = defineMode({
  name: "find-idle",
  summary: "find how long a connection may be silent",
  chosenBy: "findIdle",
  example: "netecho client :8080 --find-idle 1s --steps 4",
  options,
  async run(context, values) {
    const { clock, progress, output } = context;
    const { findIdle: most = 0, steps } = values;
    if (most < steps) throw new UsageError("Option --find-idle: 1 ms a step is needed");
    const exchange = await exchangeFor(context, values);
    const silences = Array.from({ length: steps }, (_, step) => most * (step + 1) / steps);
    const { requested } = context.signals();
    const started = clock.now();
    const working = Promise.all(
      silences.map((silence) => tryOne(context, { exchange, silence, stop: requested, ...values })),
    );
    const left = () => formatDuration(Math.max(0, Math.round(started + most - clock.now())));
    const results = await progress.during(working, () => `silent for ${left()} more`);
    const verdict = verdictOf(results);
    const { address } = context.target;
    const text = values.json
      ? `${JSON.stringify({ address: formatAddress(address), ...verdict, silences: results })}\n`
      : describe(results, { verdict, peer: showAddress(address) });
    await writeText(output, text);
    const { outcome } = results[0]!;
    if (outcome !== "unanswered") return 0;
    throw new NetworkError(
      "Nothing was answered before a silence; is the answer what is expected?",
    );
  },
});

function exchangeFor(
  { commandLine: { occurrences } }: ModeContext,
  values: Values<typeof options>,
): Promise<Exchange> {
  const exchanges = exchangesFrom(values, { connect: false, occurrences });
  return exchangeOf({ size: measureOptions.size.initial, exchanges });
}

async function tryOne(
  { dial, clock }: ModeContext,
  { exchange, silence, stop, timeout = MESSAGE_TIMEOUT_MS }: {
    readonly exchange: Exchange;
    readonly silence: number;
    readonly stop: Promise<void>;
    readonly timeout?: number | undefined;
  },
): Promise<SilenceResult> {
  const peer = await dial();
  const result = await trySilence(peer, { clock, exchange, silence, timeout, stop });
  const { endedAfterMs } = result;
  return {
    ...result,
    silenceMs: roundMs(silence),
    ...(endedAfterMs !== undefined && { endedAfterMs: roundMs(endedAfterMs) }),
  };
}

/** What the silences come to. Times in milliseconds. */
interface Verdict {
  /** The longest that was survived, below the shortest that was not. */
  readonly longestSurvivedMs: number | undefined;
  readonly shortestLost: SilenceResult | undefined;
}

function verdictOf(results: readonly SilenceResult[]): Verdict {
  const lost = results.findIndex(({ outcome }) => outcome !== "survived" && outcome !== "stopped");
  const before = lost < 0 ? results : results.slice(0, lost);
  return {
    longestSurvivedMs: before.findLast(({ outcome }) => outcome === "survived")?.silenceMs,
    shortestLost: results[lost],
  };
}

function describe(
  results: readonly SilenceResult[],
  { verdict, peer }: { readonly verdict: Verdict; readonly peer: string },
): string {
  const rows = results.map((result) =>
    `${formatDuration(result.silenceMs).padStart(12)}  ${outcomeText(result)}\n`
  );
  const { longestSurvivedMs, shortestLost } = verdict;
  const longest = longestSurvivedMs === undefined
    ? "no silence was survived"
    : `longest silence that was survived: ${formatDuration(longestSurvivedMs)}`;
  const shortest = shortestLost
    ? `shortest that was not: ${formatDuration(shortestLost.silenceMs)}, ${
      outcomeText(shortestLost)
    }`
    : "none was too long";
  const head = `Silences on ${formatQuantity(results.length, "connection")} to ${peer}\n`;
  return `${head}${rows.join("")}\n${longest}\n${shortest}\n`;
}

function outcomeText({ outcome, endedAfterMs, detail }: SilenceResult): string {
  const when = endedAfterMs === undefined
    ? ""
    : ` ${formatDuration(endedAfterMs)} after the last answer`;
  const why = detail === undefined ? "" : `: ${detail}`;
  return OUTCOMES[outcome] + when + why;
}

const OUTCOMES: Readonly<Record<SilenceResult["outcome"], string>> = {
  survived: "answered",
  fin: "closed (FIN)",
  reset: "reset (RST)",
  swallowed: "swallowed: what was sent was not answered",
  stopped: "stopped before its end",
  unanswered: "not answered before it",
};
