/** What the throughput mode does: makes a test with a server, and shows what both sides saw. */
import { writeText } from "../core/io.ts";
import { NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { loadHistograms } from "../core/histogram.ts";
import { formatQuantity } from "../core/units.ts";
import type { Values } from "../cli/options.ts";
import { isInet, showAddress } from "../net/address.ts";
import type { Duplex } from "../net/duplex.ts";
import { bitRate } from "../probe/rate.ts";
import { checkWritable, writeReports } from "../report/deliver.ts";
import { distribution } from "../report/distribution.ts";
import { runInfo } from "../report/run_info.ts";
import { type ClientTestResult, runClientTest } from "../throughput/client_test.ts";
import { EchoProbe } from "../throughput/echo_probe.ts";
import { throughputReports } from "../throughput/formats.ts";
import {
  DATAGRAM_BYTES,
  isDatagramSize,
  STREAM_BLOCK_BYTES,
  type TestParameters,
} from "../throughput/parameters.ts";
import {
  busyClient,
  type DirectionInterval,
  directionIntervals,
  THROUGHPUT_SCHEMA,
  type ThroughputResult,
} from "../throughput/result.ts";
import { headLine, intervalLine, summaryText } from "../throughput/text.ts";
import { directionTotals, streamResults } from "../throughput/totals.ts";
import type { ModeContext } from "./mode.ts";
import type { throughputOptions } from "./throughput_options.ts";

const DURATION_MS = 10_000;
const DATAGRAM_RATE = 1_000_000; // bits a second, as nobody answers for what is too much
const IDLE_MS = 1000; // before the test, with --under-load

/** Runs the test that the options ask for. Returns the exit code. */
export async function runThroughput(
  context: ModeContext,
  values: Values<typeof throughputOptions>,
): Promise<number> {
  const { requested, insisted } = context.signals();
  const parameters = parametersFor(values, context);
  await checkWritable(values.report);
  const test = new ThroughputRun(context, { values, parameters, stop: requested });
  const result = await Promise.race([test.run(), insisted.then(giveUp)])
    .catch((error) => test.failWith(error));
  await test.deliver(result);
  return 0;
}

function giveUp(): never {
  throw new NetworkError("Stopped before the end");
}

function parametersFor(
  { reverse, bidir, parallel, bytes, omit, length, rate, duration, verify }: Values<
    typeof throughputOptions
  >,
  { connectionless }: ModeContext,
): TestParameters {
  const blockBytes = length ?? (connectionless ? DATAGRAM_BYTES : STREAM_BLOCK_BYTES);
  if (connectionless && !isDatagramSize(blockBytes)) {
    throw new UsageError("Option --length: a datagram has 16 to 65507 bytes here");
  }
  return {
    protocol: connectionless ? "udp" : "tcp",
    directions: bidir ? "both" : reverse ? "down" : "up",
    streams: parallel,
    duration: duration ?? DURATION_MS,
    omit,
    bytes,
    blockBytes,
    bitsPerSecond: bitRate(rate) ?? (connectionless ? DATAGRAM_RATE : undefined),
    wideNumbers: connectionless,
    check: verify,
    ignored: [],
  };
}

/** One test, and what is shown of it. */
class ThroughputRun {
  readonly #context: ModeContext;
  readonly #values: Values<typeof throughputOptions>;
  readonly #parameters: TestParameters;
  readonly #stop: Promise<void>;
  readonly #intervals: DirectionInterval[] = [];
  #printing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    context: ModeContext,
    { values, parameters, stop }: {
      readonly values: Values<typeof throughputOptions>;
      readonly parameters: TestParameters;
      readonly stop: Promise<void>;
    },
  ) {
    this.#context = context;
    this.#values = values;
    this.#parameters = parameters;
    this.#stop = stop;
    stop.then(() => this.#stopped = true);
  }

  async run(): Promise<ThroughputResult> {
    if (!this.#values.underLoad) return this.#resultOf(await this.#test(() => {}));
    const { clock } = this.#context;
    const histograms = await loadHistograms();
    const [idle, loaded] = [histograms.create(), histograms.create()];
    const peer = await this.#context.dial({ plain: this.#parameters.protocol === "udp" });
    try {
      const probe = new EchoProbe(peer, clock);
      await probe.open();
      const idling = new Promise<void>((resolve) => clock.after(IDLE_MS, resolve));
      await probe.measure(idle, Promise.race([idling, this.#stop]));
      const begun = Promise.withResolvers<void>();
      const testing = this.#test(begun.resolve);
      await Promise.race([begun.promise, testing]);
      const [tested] = await Promise.all([testing, probe.measure(loaded, testing)]);
      const underLoad = { idle: distribution(idle), loaded: distribution(loaded) };
      return this.#resultOf(tested, underLoad);
    } finally {
      peer.close();
    }
  }

  /** Prints the result, and judges what was verified. */
  async deliver(result: ThroughputResult): Promise<void> {
    const { json, report, verify } = this.#values;
    await this.#printing;
    const shown = json
      ? await throughputReports.find(({ name }) => name === "json")!.render(result)
      : summaryText(result);
    await writeText(this.#context.output, shown);
    await writeReports(report, ({ extension }) => {
      return throughputReports.find((each) => each.extension === extension)!.render(result);
    });
    if (verify) judge(result, showAddress(this.#context.target.address));
  }

  /** With `--json`, stdout is JSON on every path. */
  async failWith(error: unknown): Promise<never> {
    await this.#printing;
    const failure = error instanceof NetworkError || error instanceof UsageError
      ? error
      : new NetworkError(
        `The test with ${showAddress(this.#context.target.address)} failed: ${explain(error)}`,
        { cause: error },
      );
    if (this.#values.json && failure instanceof NetworkError) {
      const told = { schema: THROUGHPUT_SCHEMA, ...this.#setting, error: failure.message };
      await writeText(this.#context.output, `${JSON.stringify(told, null, 2)}\n`);
    }
    throw failure;
  }

  get #setting() {
    const { target: { address }, commandLine: { args }, clock } = this.#context;
    return runInfo({ address, args, clock });
  }

  // A name may have several addresses, with a server on each. TLS needs the name.
  #dialStream({ remote }: Duplex): Promise<Duplex> {
    const hasName = isInet(remote) && remote.transport !== "tls";
    return this.#context.dial({ hostname: hasName ? remote.hostname : undefined });
  }

  async #test(onBegin: () => void): Promise<{ run: ClientTestResult; started: string }> {
    const { dial, clock, connectTimeout, target: { address } } = this.#context;
    const parameters = this.#parameters;
    let { started } = this.#setting;
    const run = await runClientTest({
      parameters,
      name: showAddress(address),
      dialControl: () => dial({ plain: parameters.protocol === "udp" }),
      dialStream: (control) => this.#dialStream(control),
      connectTimeout,
      stop: this.#stop,
      onBegin: () => {
        ({ started } = this.#setting);
        onBegin();
        this.#print(headLine({ address: showAddress(address), parameters }));
      },
      onInterval: (interval) => {
        const named = parameters.directions === "both";
        for (const each of directionIntervals(interval, parameters)) {
          this.#intervals.push(each);
          this.#print(intervalLine(each, { named }));
        }
      },
      clock,
    });
    return { run, started };
  }

  #print(line: string): void {
    if (this.#values.json) return;
    this.#printing = this.#printing.then(() => writeText(this.#context.output, line));
    this.#printing.catch(() => {}); // deliver tells
  }

  #resultOf(
    { run: { transfer, peer, cpu }, started }: {
      readonly run: ClientTestResult;
      readonly started: string;
    },
    underLoad?: ThroughputResult["underLoad"],
  ): ThroughputResult {
    const { ignored: _, ...parameters } = this.#parameters;
    const streams = streamResults(transfer, { peer, parameters: this.#parameters, side: "client" });
    const result: ThroughputResult = {
      schema: THROUGHPUT_SCHEMA,
      ...this.#setting,
      started,
      parameters,
      elapsedMs: transfer.elapsedMs,
      directions: directionTotals(streams),
      streams,
      intervals: this.#intervals,
      cpu: { client: cpu, server: peer.cpu },
      ...(underLoad && { underLoad }),
      ...(this.#stopped && { interrupted: true }),
    };
    const warning = busyClient(result);
    return warning ? { ...result, warning } : result;
  }
}

function judge({ directions }: ThroughputResult, name: string): void {
  const corrupt = directions.map(({ corruptBytes }) => corruptBytes);
  if (corrupt.includes(undefined)) {
    throw new NetworkError(`Cannot verify: ${name} is no netecho, and does not check what it gets`);
  }
  const all = corrupt.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  if (all > 0) {
    throw new NetworkError(`${formatQuantity(all, "byte")} came as others than they were sent`);
  }
}
