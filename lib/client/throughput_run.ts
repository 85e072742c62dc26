/** One test of throughput with a server, and what is shown of it. */
import { BatchWriter } from "../core/batch_writer.ts";
import { delay } from "../core/clock.ts";
import { writeText } from "../core/io.ts";
import { NetworkError, UsageError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { loadHistograms } from "../core/histogram.ts";
import { isInet, showAddress } from "../net/address.ts";
import type { Duplex } from "../net/duplex.ts";
import { distribution } from "../report/distribution.ts";
import { type ClientTestResult, runClientTest } from "../throughput/client_test.ts";
import { EchoProbe } from "../throughput/echo_probe.ts";
import { throughputReports } from "../throughput/formats.ts";
import type { TestParameters } from "../throughput/parameters.ts";
import {
  busyClient,
  type DirectionInterval,
  directionIntervals,
  THROUGHPUT_SCHEMA,
  type ThroughputResult,
} from "../throughput/result.ts";
import { headLine, intervalLine, summaryText } from "../throughput/text.ts";
import { directionTotals, streamResults } from "../throughput/totals.ts";
import { failWith, settingOf } from "./failed_result.ts";
import type { ModeContext } from "./mode.ts";

const IDLE_MS = 1000; // before the test, with --under-load
const FLUSH_TIMEOUT_MS = 5000; // for what is shown to be read

/** What was measured, and when it began. */
interface Tested {
  readonly measured: ClientTestResult;
  readonly started: string;
}

/** One test, and what is shown of it while it runs. */
export class ThroughputRun {
  readonly #context: ModeContext;
  readonly #parameters: TestParameters;
  readonly #json: boolean;
  readonly #stop: Promise<void>;
  readonly #intervals: DirectionInterval[] = [];
  readonly #output: BatchWriter;
  readonly #outputFailed = Promise.withResolvers<never>();
  #stopped = false;

  constructor(
    context: ModeContext,
    { json, parameters, stop }: {
      readonly json: boolean;
      readonly parameters: TestParameters;
      readonly stop: Promise<void>;
    },
  ) {
    this.#context = context;
    this.#parameters = parameters;
    this.#json = json;
    this.#stop = stop;
    stop.then(() => this.#stopped = true);
    this.#output = new BatchWriter(context.output, { onError: this.#outputFailed.reject });
    this.#outputFailed.promise.catch(() => {}); // it may be that nobody asks
  }

  /** Rejects where what is shown cannot be written. Never resolves. */
  get outputFailed(): Promise<never> {
    return this.#outputFailed.promise;
  }

  /** Makes the test. */
  async test(): Promise<ThroughputResult> {
    if (this.#parameters.check) (await this.#openProbe("--verify")).peer.close();
    return this.#resultOf(await this.#test({ stop: this.#stop }));
  }

  /** Makes the test, and measures round trips on a connection of its own before it and meanwhile. */
  async testUnderLoad(): Promise<ThroughputResult> {
    const { clock } = this.#context;
    const histograms = await loadHistograms();
    const [idle, loaded] = [histograms.create(), histograms.create()];
    const { probe, peer } = await this.#openProbe("--under-load");
    const probeFailed = Promise.withResolvers<void>();
    try {
      await probe.measure(idle, Promise.race([delay(IDLE_MS, { clock }), this.#stop]));
      const begun = Promise.withResolvers<void>();
      const stop = Promise.race([this.#stop, probeFailed.promise]);
      const testing = this.#test({ stop, onBegin: begun.resolve });
      await Promise.race([begun.promise, testing]);
      const [tested] = await Promise.all([testing, probe.measure(loaded, testing)]);
      return this.#resultOf(tested, { idle: distribution(idle), loaded: distribution(loaded) });
    } finally {
      probeFailed.resolve();
      peer.close();
    }
  }

  /** Prints the result. */
  async print(result: ThroughputResult): Promise<void> {
    await this.#output.flush(FLUSH_TIMEOUT_MS);
    const { output } = this.#context;
    const text = this.#json ? throughputReports["json"]!.render(result) : summaryText(result);
    await writeText(output, await text);
  }

  async failWith(error: unknown): Promise<never> {
    await this.#output.flush(FLUSH_TIMEOUT_MS);
    const isClear = error instanceof NetworkError || error instanceof UsageError;
    const name = showAddress(this.#context.target.address);
    const failure = isClear
      ? error
      : new NetworkError(`The test with ${name} failed: ${explain(error)}`, { cause: error });
    return await failWith(failure, {
      context: this.#context,
      json: this.#json,
      schema: THROUGHPUT_SCHEMA,
      known: { intervals: this.#intervals },
    });
  }

  // netecho's service echoes, and no other does.
  async #openProbe(option: string): Promise<{ probe: EchoProbe; peer: Duplex }> {
    const peer = await this.#dialControl();
    const probe = new EchoProbe(peer, this.#context.clock);
    if (await probe.answers()) return { probe, peer };
    peer.close();
    throw new NetworkError(
      `Option ${option} needs a server of netecho's: ` +
        `${showAddress(this.#context.target.address)} does not echo`,
    );
  }

  #dialControl(): Promise<Duplex> {
    return this.#context.dial({ plain: this.#parameters.protocol === "udp" });
  }

  // A name may have several addresses, with a server on each. TLS needs the name.
  #dialStream({ remote }: Duplex): Promise<Duplex> {
    const hasName = isInet(remote) && remote.transport !== "tls";
    return this.#context.dial({ hostname: hasName ? remote.hostname : undefined });
  }

  async #test(
    { stop, onBegin }: { readonly stop: Promise<void>; readonly onBegin?: () => void },
  ): Promise<Tested> {
    const { clock, connectTimeout, target: { address } } = this.#context;
    const parameters = this.#parameters;
    const name = showAddress(address);
    let { started } = settingOf(this.#context);
    const measured = await runClientTest({
      parameters,
      name,
      dialControl: () => this.#dialControl(),
      dialStream: (control) => this.#dialStream(control),
      connectTimeout,
      stop,
      onBegin: () => {
        ({ started } = settingOf(this.#context));
        this.#show(headLine({ address: name, parameters }));
        onBegin?.();
      },
      onInterval: (interval) => {
        const named = parameters.directions === "both";
        for (const each of directionIntervals(interval, parameters)) {
          this.#intervals.push(each);
          this.#show(intervalLine(each, { named }));
        }
      },
      clock,
    });
    return { measured, started };
  }

  #show(line: string): void {
    if (!this.#json) this.#output.push(line);
  }

  #resultOf(
    { measured: { transfer, peer, cpu }, started }: Tested,
    underLoad?: ThroughputResult["underLoad"],
  ): ThroughputResult {
    const { ignored: _, ...parameters } = this.#parameters;
    const streams = streamResults(transfer, { peer, parameters: this.#parameters, side: "client" });
    const result: ThroughputResult = {
      schema: THROUGHPUT_SCHEMA,
      ...settingOf(this.#context),
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
