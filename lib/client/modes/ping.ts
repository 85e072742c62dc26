/** Ping: one numbered, checked message after another, and the time that each answer takes. */
import { delay } from "../../core/clock.ts";
import { FinalError, NetworkError } from "../../core/errors.ts";
import { reasonOf } from "../../core/explain.ts";
import { type Histograms, loadHistograms } from "../../core/histogram.ts";
import type { Exchange } from "../../probe/exchange.ts";
import { exchangeOf } from "../../probe/exchange_of.ts";
import { exchangeOptions, exchangesFrom } from "../../probe/exchange_options.ts";
import { connectAndExchange } from "../../probe/round_trip.ts";
import { measureOptions, MESSAGE_TIMEOUT_MS, sizeFor } from "../../probe/options.ts";
import { pingJson, pingText } from "../../ping/format.ts";
import { PingScreen } from "../../ping/screen.ts";
import { PromptClock } from "../../probe/prompt_clock.ts";
import { Pinger } from "../../ping/pinger.ts";
import { Rehearsal, rehearseConnecting } from "../../ping/rehearsal.ts";
import type { Duplex } from "../../net/duplex.ts";
import { count, duration, flag, interval, type Values } from "../../cli/options.ts";
import { formatCount, formatDuration, formatQuantity } from "../../core/units.ts";
import { defineMode, failureOf, type ModeContext } from "../mode.ts";

const options = {
  ping: flag({
    summary: "send numbered messages and show the time that each answer takes",
    excludes: ["show"],
  }),
  count: count({ short: "c", summary: "stop after N messages (default: no limit)" }),
  interval: duration({
    initial: 1000,
    short: "i",
    summary: "send a message every D; with 0 as soon as the last one is answered",
  }),
  deadline: interval({ summary: "stop after D, whatever is under way" }),
  quiet: flag({ short: "q", summary: "print only the summary" }),
  ...measureOptions,
  ...exchangeOptions,
};

const REHEARSALS = 3; // round trips to the program itself, before each message
const MAX_REHEARSED_BYTES = 1024;

type Options = Values<typeof options> & { readonly timeout: number };

/** The ping mode. */
export const ping = defineMode({
  name: "ping",
  summary: "measure the round trip, message by message",
  chosenBy: "ping",
  example: "netecho client :8080 --ping --count 5",
  options,
  async run(context, { timeout = MESSAGE_TIMEOUT_MS, ...given }) {
    const values = { ...given, timeout };
    const exchange = await exchangeFor(context, values);
    const { target: { address }, clock, output } = context;
    const histograms = await loadHistograms();
    const format = values.json ? pingJson(address, clock) : pingText(address, exchange);
    const status = context.openStatus(output, { describeMissed: format.missed });
    const screen = new PingScreen({ address, clock, status }, {
      format,
      quiet: values.quiet,
      histograms,
    });
    const stop = stopFor(context, values);
    const measure = values.connect ? overMany : overOne;
    const measuring = measure(context, { values, exchange, screen, histograms, stop: stop.asked });
    const failure = await Promise.race([measuring, screen.failed]).catch(asNetworkError);
    stop.cancel();
    await Promise.race([screen.end(), stop.insisted]);
    if (failure) throw failure;
    const { received, corrupt } = screen.tally.counts;
    const { deadline, count } = values;
    if (deadline !== undefined && received < (count ?? 1)) { // as ping(8) has it
      const answered = count === undefined
        ? "No message was answered"
        : `Answered ${formatCount(received)} of ${formatQuantity(count, "message")}`;
      throw new NetworkError(`${answered} by the deadline`);
    }
    return corrupt === 0 && received > 0 ? 0 : 1;
  },
});

function exchangeFor(
  { connectionless, commandLine: { occurrences } }: ModeContext,
  values: Options,
): Promise<Exchange> {
  const exchanges = exchangesFrom(values, { ...values, occurrences });
  const size = exchanges ? 0 : sizeFor({ ...values, connectionless });
  return exchangeOf({ size, exchanges });
}

interface Measuring {
  readonly values: Options;
  readonly exchange: Exchange;
  readonly screen: PingScreen;
  readonly histograms: Histograms;
  /** Resolves at the deadline, or when asked to stop. */
  readonly stop: Promise<void>;
}

function stopFor({ clock, signals }: ModeContext, { deadline }: Options) {
  const { requested, insisted } = signals();
  if (deadline === undefined) return { asked: requested, insisted, cancel() {} };
  const limit = new AbortController();
  const over = delay(deadline, { clock, signal: limit.signal });
  return { asked: Promise.race([requested, over]), insisted, cancel: () => limit.abort() };
}

function asNetworkError(error: unknown): NetworkError {
  if (error instanceof NetworkError) return error;
  throw error;
}

function timedOut(timeout: number): string {
  return `timed out after ${formatDuration(timeout)}`;
}

async function overOne(context: ModeContext, measuring: Measuring): Promise<void> {
  const { values, exchange, screen, histograms, stop } = measuring;
  const size = exchange.requestBytes;
  const dialing = context.dial();
  const peer = await Promise.race([dialing, stop]);
  screen.start(size, peer?.strays);
  if (!peer) return void dialing.catch(() => {});
  using clock = new PromptClock();
  const { tally } = screen;
  const rehearsal = values.interval > 0
    ? await Rehearsal.open({ clock, size: Math.min(size, MAX_REHEARSED_BYTES), histograms })
    : undefined;
  screen.rehearsal = rehearsal;
  const onLost = (number: number) => {
    const came = tally.counts.received === 0 ? peer.traffic.received : 0;
    const what = came > 0
      ? `; ${formatQuantity(came, "byte")} came, but no whole ${exchange.partName}`
      : "";
    screen.lost(number, timedOut(values.timeout) + what);
  };
  const retransmits = retransmitCounter(peer);
  const prober = new Pinger(peer, {
    ...values,
    clock,
    exchange,
    tally,
    onReply: (reply) => {
      screen.answer({ ...reply, remote: peer.remote, retransmits: retransmits() });
    },
    onLost,
    ...(rehearsal && { before: () => rehearsal.run(REHEARSALS) }),
  });
  stop.then(() => {
    tally.stop();
    prober.stop();
  });
  const ending = await prober.run().catch((error) => {
    throw failureOf(peer, error);
  }).finally(() => rehearsal?.close());
  if (ending === "closed") throw new NetworkError("The peer closed the connection");
}

// Returns how many segments were sent again since it was called the last time.
function retransmitCounter(peer: Duplex): () => number | undefined {
  let before = peer.tcpInfo?.retransmits ?? 0;
  return () => {
    const now = peer.tcpInfo?.retransmits;
    if (now === undefined) return undefined;
    const count = now - before;
    before = now;
    return count;
  };
}

async function overMany(context: ModeContext, measuring: Measuring): Promise<void> {
  const { values: { count = Infinity, interval }, exchange, screen, stop } = measuring;
  const { clock } = context;
  const stopping = new AbortController();
  const { signal } = stopping;
  const size = Math.min(exchange.requestBytes, MAX_REHEARSED_BYTES);
  await Promise.race([rehearseConnecting({ clock, size }), stop]);
  screen.start(exchange.requestBytes);
  const started = clock.now();
  const connecting = async () => {
    for (let number = 1; number <= count && !signal.aborted; number++) {
      const left = Math.max(0, started + (number - 1) * interval - clock.now());
      await delay(left, { clock, signal });
      if (!signal.aborted) await connectOnce(context, { ...measuring, number });
    }
  };
  await Promise.race([connecting(), stop]);
  screen.tally.stop();
  stopping.abort();
}

async function connectOnce(
  { dial, clock }: ModeContext,
  { values: { timeout }, exchange, screen, number }: Measuring & { readonly number: number },
): Promise<void> {
  screen.tally.counts.sent++;
  try {
    const { took, parts, answer, size, remote } = await connectAndExchange(
      (request) => dial({ ...request, once: true }),
      { clock, exchange, number, timeout },
    );
    if (answer === "closed") screen.lost(number, "closed without an answer");
    else if (answer === "short") screen.lost(number, "closed in the middle of an answer");
    else if (answer === "none") screen.lost(number, timedOut(timeout));
    else screen.connected(number, { remote, size, took, parts, intact: answer === "intact" });
  } catch (error) {
    if (error instanceof FinalError) throw error;
    screen.lost(number, reasonOf(error));
  }
}
