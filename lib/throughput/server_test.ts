/** One test at the server, from its control connection to its results. */
import { type Clock, delay, settlesWithin, whileProgressing } from "../core/clock.ts";
import { measureCpu } from "../core/cpu.ts";
import { NetworkError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import { formatDuration } from "../core/units.ts";
import type { ControlChannel } from "./control_channel.ts";
import { Allowance } from "./data_stream.ts";
import { type Measured, measuredIn } from "./measured.ts";
import { type Joined, openStreams } from "./open_stream.ts";
import { readParameters, sendingStreams, type TestParameters } from "./parameters.ts";
import { RefusedTest, SERVER_ERROR, STATE } from "./protocol.ts";
import { readResults, writeResults } from "./results.ts";
import { Transfer } from "./transfer.ts";

const ANSWER_TIMEOUT_MS = 10_000; // for each thing that a client is asked for
const SILENCE_MS = 120_000; // of all streams, after which the client counts as gone
const OVERTIME_MS = 40_000; // as iperf3's server has it
const LEAVING_MS = 500; // between the ends of its connections

/** Why the connections of a test end. */
export const TEST_OVER = "the test is over";

/** What a test needs besides its control connection. */
export interface ServerTestOptions {
  readonly clock: Clock;
  readonly measured: (measured: Measured) => void;
  /** Tells that the control connection is not idle, while its streams are not. */
  readonly active: () => void;
  /** Whether datagrams come to the port as well. */
  readonly takesDatagrams: boolean;
  /** Runs it while no other test of the host waits for datagrams, which do not tell whose they are. */
  readonly gatherInTurn: (gather: () => Promise<void>) => Promise<void>;
}

/** A test that a client has begun. */
export class ServerTest {
  readonly #channel: ControlChannel;
  readonly #options: ServerTestOptions;
  readonly #joined: (Joined & { readonly order: number })[] = [];
  readonly #over = Promise.withResolvers<void>();
  #parameters: TestParameters | undefined;
  #awaits: TestParameters["protocol"] | undefined;
  readonly #refused = Promise.withResolvers<never>();
  #complete = () => {};

  constructor(channel: ControlChannel, options: ServerTestOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /** Whether it waits for a stream over UDP; with `named`, for those that tell their cookie. */
  awaitsDatagram({ named }: { readonly named: boolean }): boolean {
    return this.#awaits === "udp" && this.#parameters?.tellsCookie === named;
  }

  /**
   * Takes a connection as one of the streams; resolves when the test is over. `order` is that in which
   * the connections were accepted.
   *
   * @throws {NetworkError} where none is waited for
   */
  async join(joined: Joined & { readonly order: number }): Promise<string> {
    if (!this.#awaits) throw new NetworkError("a stream that no test waits for");
    this.#joined.push(joined);
    const { active } = this.#options;
    joined.peer.observe({ received: active, sent: active });
    if (this.#joined.length === this.#streamCount) {
      this.#awaits = undefined;
      this.#complete();
    }
    await this.#over.promise;
    return TEST_OVER;
  }

  /** Ends it where it still waits for streams: one was refused, and will not come. */
  refusedStream(): void {
    if (this.#awaits) this.#refused.reject(new NetworkError("a limit refused one of its streams"));
  }

  /**
   * Makes the test with the client.
   *
   * @throws {NetworkError} where the client asks for what cannot be done, or leaves before the end
   */
  async run(): Promise<void> {
    try {
      const parameters = this.#parameters = await this.#agree();
      const gather = () => this.#gather(parameters);
      await (parameters.protocol === "udp" ? this.#options.gatherInTurn(gather) : gather());
      await this.#measure(parameters);
    } finally {
      this.#awaits = undefined;
      this.#over.resolve();
    }
  }

  get #streamCount(): number {
    return sendingStreams(this.#parameters!, "server").length;
  }

  async #agree(): Promise<TestParameters> {
    const channel = this.#channel;
    await channel.sendState(STATE.paramExchange);
    try {
      const json = await this.#inTime(channel.readJson(), { what: "sent no parameters" });
      const parameters = readParameters(json);
      const { protocol } = parameters;
      if (protocol === "tcp" || this.#options.takesDatagrams) return parameters;
      throw new RefusedTest(SERVER_ERROR.createStream, "this endpoint has no port for datagrams");
    } catch (error) {
      if (error instanceof NetworkError) throw error;
      const isAsked = error instanceof RefusedTest;
      if (!isAsked && !(error instanceof SyntaxError)) throw error;
      await channel.refuse(isAsked ? error.code : SERVER_ERROR.parameters);
      throw new NetworkError(`test refused: ${error.message}`);
    }
  }

  async #gather({ protocol }: TestParameters): Promise<void> {
    const complete = new Promise<void>((resolve) => this.#complete = resolve);
    this.#awaits = protocol;
    await this.#channel.sendState(STATE.createStreams);
    // The client is silent until the end, unless it leaves.
    const left = this.#channel.peekState().then((state) => {
      throw new NetworkError(`${leaving(state)} before its streams were made`);
    });
    left.catch(() => {}); // it may be over before
    this.#refused.promise.catch(() => {});
    try {
      await this.#inTime(Promise.race([complete, left, this.#refused.promise]), {
        what: "did not open its streams",
        progress: () => this.#joined.length,
      });
    } catch (error) {
      await this.#channel.refuse(SERVER_ERROR.createStream).catch(() => {}); // it may have left
      throw error;
    }
  }

  async #measure(parameters: TestParameters): Promise<void> {
    const channel = this.#channel;
    const { clock, measured } = this.#options;
    const inOrder = this.#joined.toSorted((one, other) => one.order - other.order);
    const allowance = allowanceOf(parameters);
    const streams = openStreams(inOrder, { parameters, side: "server", allowance, clock });
    const cpuUse = measureCpu(clock);
    await channel.sendState(STATE.testStart);
    const transfer = new Transfer(streams, { clock, ...parameters });
    try {
      await channel.sendState(STATE.testRunning);
      await this.#untilEnd(transfer);
    } finally {
      transfer.stop();
    }
    const cpu = cpuUse();
    await transfer.drain();
    await channel.sendState(STATE.exchangeResults);
    const peer = readResults(await this.#inTime(channel.readJson(), { what: "sent no results" }));
    transfer.settle(); // what was still on its way has come, for the client has waited for it
    await channel.sendJson(writeResults(transfer, { cpu, check: parameters.check }));
    await channel.sendState(STATE.displayResults);
    measured(measuredIn(transfer, { peer, parameters }));
    await this.#inTime(channel.readState(), { what: "did not confirm the end" });
  }

  async #untilEnd(transfer: Transfer): Promise<void> {
    const { clock } = this.#options;
    const ending = this.#channel.readState();
    const limit = { clock, milliseconds: SILENCE_MS, progress: () => transfer.progress };
    const overtime = new AbortController();
    const ended = Promise.race([ending, transfer.failed, this.#overtime(overtime.signal)]);
    try {
      if (!await whileProgressing(ended, limit)) {
        throw new NetworkError(`nothing was sent or received for ${formatDuration(SILENCE_MS)}`);
      }
    } catch (error) {
      // A client that leaves takes its streams with it.
      if (!await settlesWithin(ending, { clock, milliseconds: LEAVING_MS })) {
        const { overtime, streamClosed } = SERVER_ERROR;
        await this.#channel.refuse(error instanceof RefusedTest ? overtime : streamClosed);
        throw new NetworkError(`the test failed: ${explain(error)}`, { cause: error });
      }
    } finally {
      overtime.abort();
    }
    const state = await ending;
    if (state !== STATE.testEnd) throw new NetworkError(`${leaving(state)} before the end`);
  }

  // Rejects when the client should have ended it long ago.
  async #overtime(signal: AbortSignal): Promise<void> {
    const { duration, omit } = this.#parameters!;
    if (duration === 0) return await new Promise(() => {});
    await delay(omit + duration + OVERTIME_MS, { clock: this.#options.clock, signal });
    if (signal.aborted) return;
    throw new RefusedTest(
      SERVER_ERROR.overtime,
      `it was to end after ${formatDuration(omit + duration)}, and did not`,
    );
  }

  async #inTime<T>(
    work: Promise<T>,
    { what, progress = () => 0 }: { readonly what: string; readonly progress?: () => number },
  ): Promise<T> {
    const limit = { clock: this.#options.clock, milliseconds: ANSWER_TIMEOUT_MS, progress };
    if (await whileProgressing(work, limit)) return await work;
    throw new NetworkError(`the client ${what} within ${formatDuration(ANSWER_TIMEOUT_MS)}`);
  }
}

// Over UDP the client waits for so many bytes, of which some may be lost.
function allowanceOf({ protocol, bytes, omit }: TestParameters): Allowance | undefined {
  return protocol === "tcp" && bytes !== undefined && omit === 0 ? new Allowance(bytes) : undefined;
}

function leaving(state: number | undefined): string {
  return state === STATE.clientTerminate ? "the client has stopped the test" : "the client left";
}
