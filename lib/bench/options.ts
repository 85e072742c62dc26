/** The options of a load, and the load that they ask for. */
import { UsageError } from "../core/errors.ts";
import { LONGEST_WAIT_MS } from "../core/units.ts";
import { count, duration, flag, interval, text, type Values } from "../cli/options.ts";
import { parseLimit } from "../report/conditions.ts";
import { type ExchangeContext, exchangeOptions, exchangesFrom } from "../probe/exchange_options.ts";
import { ownExchange } from "../probe/own_exchange.ts";
import { measureOptions, sizeFor } from "../probe/options.ts";
import { rateOption, requestRate } from "../probe/rate.ts";
import type { BenchLoad } from "../report/load.ts";

const DURATION_MS = 10_000; // milliseconds
const TRIAL_MS = 3000; // milliseconds of each trial of a search
const WARMUP_MS = 1000; // milliseconds: the runtime compiles what it sees often
const STREAM_TIMEOUT_MS = 10_000; // milliseconds
const DATAGRAM_TIMEOUT_MS = 1000;
const DATAGRAM_PIPELINE = 256; // under way at once on a socket, in an open loop
const MAX_WORKERS = 64; // each loads the program: some 20 MiB, and time to start
const MAX_BYTES_UNDER_WAY = 2 ** 30; // bytes under way

/** The options of a load. */
export const loadOptions = {
  connections: count({ summary: "use N connections", initial: 10 }),
  duration: interval({
    summary: "measure for D (default 10s; each trial of --find 3s)",
  }),
  requests: count({
    summary: "measure N requests instead",
    excludes: ["duration", "find"],
  }),
  pipeline: count({
    summary: "allow N requests under way on a connection (default 1; with --rate over " +
      `UDP ${DATAGRAM_PIPELINE})`,
    excludes: ["connect"],
  }),
  rate: rateOption,
  warmup: duration({
    summary: "run for D before measuring (default 1s; 0 with --requests)",
  }),
  ramp: duration({
    initial: 0,
    summary: "before that, take D to reach the full rate or number of connections",
  }),
  startAt: text({
    summary: "connect, and begin at TIME: 2026-01-31T12:00:00Z, or seconds since 1970; so that " +
      "several machines begin together, for --merge",
    placeholder: "TIME",
    read: readMoment,
  }),
  workers: count({
    summary: `spread the connections over N threads, at most ${MAX_WORKERS}`,
    initial: 1,
    most: MAX_WORKERS,
  }),
  find: text({
    summary: "search for the highest rate at which this holds, as in 'p99<5ms'",
    placeholder: "CONDITION",
    read: parseLimit,
    excludes: ["requests", "underLoad"],
  }),
  repeat: count({
    summary: "measure N times, so that --baseline can tell a change from what differs between runs",
    excludes: ["find", "underLoad"],
  }),
  underLoad: flag({
    summary: "also measure the round trip on another connection, before and during the load",
  }),
  ...measureOptions,
  ...exchangeOptions,
};

// Milliseconds since 1970.
function readMoment(given: string): number {
  const isSeconds = /^\d{9,11}(\.\d+)?$/.test(given);
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.test(given);
  const moment = isSeconds ? Number(given) * 1000 : isDate ? Date.parse(given) : NaN;
  if (Number.isNaN(moment)) {
    throw new UsageError(
      `a time such as 2026-01-31T12:00:00Z, or seconds since 1970, is needed, not "${given}"`,
    );
  }
  const left = moment - Date.now();
  if (left < 0) throw new UsageError(`${given} has passed`);
  if (left > LONGEST_WAIT_MS) throw new UsageError(`${given} is more than 24 days away`);
  return moment;
}

// Enough slices to plot and to compare, and not too many to keep.
function sliceFor(duration: number): number {
  return Math.max(100, duration / 600, Math.min(1000, duration / 40));
}

/** The load that the options ask for; `connectTimeout` in milliseconds. */
export function benchLoadFor(
  values: Values<typeof loadOptions>,
  { connectionless, connectTimeout, commandLine: { occurrences } }: {
    readonly connectionless: boolean;
    readonly connectTimeout: number;
    readonly commandLine: Pick<ExchangeContext, "occurrences">;
  },
): BenchLoad {
  const { requests, find, connections, ramp, connect } = values;
  const rate = requestRate(values.rate);
  const exchanges = exchangesFrom(values, { connect, occurrences });
  // A lost datagram does not hold up the others.
  const datagrams = connectionless && !exchanges && (rate !== undefined || find !== undefined);
  const { pipeline = datagrams ? DATAGRAM_PIPELINE : 1 } = values;
  const usual = requests ? LONGEST_WAIT_MS : find ? TRIAL_MS : DURATION_MS;
  const { duration = usual, warmup = requests ? 0 : WARMUP_MS } = values;
  const { timeout = connectionless ? DATAGRAM_TIMEOUT_MS : STREAM_TIMEOUT_MS } = values;
  const size = exchanges
    ? ownExchange(exchanges).requestBytes
    : sizeFor({ ...values, connectionless });
  if (exchanges && connectionless && pipeline > 1) {
    throw new UsageError(
      "Option --pipeline: over UDP, answers of one's own are told one at a time",
    );
  }
  if (size * pipeline * connections > MAX_BYTES_UNDER_WAY) {
    throw new UsageError(
      `${connections} connections with ${pipeline} x ${size} bytes under way are more than 1 GiB; ` +
        "lower --size, --pipeline or --connections",
    );
  }
  return {
    self: values.self,
    connections,
    size,
    exchanges,
    pipeline,
    rate,
    duration,
    requests,
    warmup,
    ramp,
    connect,
    timeout,
    connectTimeout,
    slice: duration === LONGEST_WAIT_MS ? 1000 : sliceFor(duration),
    workers: Math.min(values.workers, connections, requests ?? Infinity),
  };
}
