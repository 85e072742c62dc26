/** Ping: one numbered, checked message after another, and the time that each answer takes. */
import { delay } from "../../core/clock.ts";
import { NetworkError } from "../../core/errors.ts";
import { loadHistograms } from "../../core/histogram.ts";
import type { Exchange } from "../../probe/exchange.ts";
import { exchangeOf } from "../../probe/exchange_of.ts";
import { exchangeOptions, exchangesFrom } from "../../probe/exchange_options.ts";
import { measureOptions, MESSAGE_TIMEOUT_MS, sizeFor } from "../../probe/options.ts";
import { pingJson, pingText } from "../../ping/format.ts";
import { PingScreen } from "../../ping/screen.ts";
import { count, duration, flag, interval, type Values } from "../../cli/options.ts";
import { formatCount, formatQuantity } from "../../core/units.ts";
import { defineMode, type ModeContext } from "../mode.ts";
import { pingByConnecting } from "../ping_by_connecting.ts";
import { pingOverOne } from "../ping_over_one.ts";

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
    const measure = values.connect ? pingByConnecting : pingOverOne;
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
