/** A test at the client, from its control connection to the results of both sides. */
import { concat } from "@std/bytes/concat";
import { type Clock, delay, settlesWithin } from "../core/clock.ts";
import { type CpuUse, measureCpu } from "../core/cpu.ts";
import { NetworkError } from "../core/errors.ts";
import { formatDuration } from "../core/units.ts";
import type { Duplex } from "../net/duplex.ts";
import { ClientControl } from "./client_control.ts";
import { Allowance } from "./data_stream.ts";
import { type Joined, openStreams } from "./open_stream.ts";
import { sendingStreams, type TestParameters, writeParameters } from "./parameters.ts";
import { DATAGRAM_ANSWER, DATAGRAM_HELLO, newCookie, STATE } from "./protocol.ts";
import { type PeerResults, readResults, writeResults } from "./results.ts";
import type { Interval } from "./measurement.ts";
import { Transfer } from "./transfer.ts";

const BYTES_POLL_MS = 5; // how often what has come is compared with what is to come

/** What a test needs. */
export interface ClientTestOptions {
  readonly parameters: TestParameters;
  /** The server's address, for errors. */
  readonly name: string;
  readonly dialControl: () => Promise<Duplex>;
  /** Connects to the host that the control connection is with. */
  readonly dialStream: (control: Duplex) => Promise<Duplex>;
  /** Milliseconds that a stream over UDP may take to be answered. */
  readonly connectTimeout: number;
  /** Ends the test before its time, with the results so far. */
  readonly stop: Promise<void>;
  readonly onBegin: () => void;
  readonly onInterval: (interval: Interval) => void;
  readonly clock: Clock;
}

/** What is known at the end of a test. */
export interface ClientTestResult {
  readonly transfer: Transfer;
  readonly peer: PeerResults;
  /** What this side has used. */
  readonly cpu: CpuUse;
}

/**
 * Makes a test with a server.
 *
 * @throws {NetworkError} where the server refuses, or fails, or is none
 */
export async function runClientTest(options: ClientTestOptions): Promise<ClientTestResult> {
  using opened = new DisposableStack();
  const stopped = options.stop.then(() => {
    throw new NetworkError("Stopped before the test began");
  });
  stopped.catch(() => {}); // it may be later
  const prepared = await Promise.race([prepare(options, opened), stopped]);
  return await measure(prepared, options);
}

/** What a test begins with. */
interface Prepared {
  readonly control: ClientControl;
  /** The connections of the streams, in the order of their numbers. */
  readonly joined: readonly Joined[];
}

async function prepare(options: ClientTestOptions, opened: DisposableStack): Promise<Prepared> {
  const { parameters, name, clock } = options;
  const closing = (peer: Duplex) => {
    if (opened.disposed) peer.close(); // nobody waits for it any more
    else opened.defer(() => peer.close());
    return peer;
  };
  const peer = closing(await options.dialControl());
  const control = new ClientControl(peer, { clock, name, connectTimeout: options.connectTimeout });
  const cookie = newCookie();
  await control.sendCookie(cookie);
  await control.expect(STATE.paramExchange);
  await control.sendJson(writeParameters(parameters));
  await control.expect(STATE.createStreams);
  const joined: Joined[] = [];
  for (const _ of sendingStreams(parameters, "client")) {
    const stream = closing(await options.dialStream(peer));
    await (stream.framed
      ? openDatagrams(stream, { cookie, control, ...options })
      : stream.write(cookie));
    joined.push({ peer: stream, first: new Uint8Array(0) });
  }
  await control.expect(STATE.testStart);
  await control.expect(STATE.testRunning);
  return { control, joined };
}

async function measure(
  { control, joined }: Prepared,
  options: ClientTestOptions,
): Promise<ClientTestResult> {
  const { parameters, clock, onInterval, onBegin } = options;
  const { bytes, check } = parameters;
  const allowance = bytes === undefined ? undefined : new Allowance(bytes);
  const streams = openStreams(joined, { parameters, side: "client", allowance, clock });
  const cpuUse = measureCpu(clock);
  onBegin();
  const { omit } = parameters;
  const transfer = new Transfer(streams, { clock, omit, onInterval });
  const ending = new AbortController();
  const told = control.serverSpoke();
  try {
    await Promise.race([
      isDone(transfer, { ...options, signal: ending.signal }),
      transfer.failed,
      told,
      options.stop,
    ]);
  } finally {
    ending.abort();
    transfer.stop();
  }
  if (transfer.isOmitting) throw new NetworkError("Stopped before the measurement began");
  const cpu = cpuUse();
  // Before the end a server tells of errors only.
  if (await settlesWithin(told, { clock, milliseconds: 0 })) {
    await control.expect(STATE.exchangeResults);
  }
  await control.sendState(STATE.testEnd);
  await transfer.drain();
  await control.expect(STATE.exchangeResults);
  await control.sendJson(writeResults(transfer, { cpu, check }));
  const peer = readResults(await control.readJson());
  transfer.settle();
  await control.expect(STATE.displayResults);
  await control.sendState(STATE.iperfDone);
  return { transfer, peer, cpu };
}

async function isDone(
  transfer: Transfer,
  { parameters: { directions, bytes, duration, omit }, clock, signal }: ClientTestOptions & {
    readonly signal: AbortSignal;
  },
): Promise<void> {
  if (bytes === undefined) return await delay(omit + duration, { clock, signal });
  await transfer.sent;
  if (directions === "up") return;
  while (transfer.received < bytes && !signal.aborted) {
    await delay(BYTES_POLL_MS, { clock, signal });
  }
}

// The server's answer may come behind datagrams of the test, if they go that way.
async function openDatagrams(
  peer: Duplex,
  { cookie, control, clock, connectTimeout, name }: ClientTestOptions & {
    readonly cookie: Uint8Array;
    readonly control: ClientControl;
  },
): Promise<void> {
  await peer.write(concat([DATAGRAM_HELLO, cookie]));
  const answered = (async () => {
    for (let chunk = await peer.read(); chunk; chunk = await peer.read()) {
      if (chunk.length === DATAGRAM_ANSWER.length) return;
    }
  })();
  // A server that gives the test up says so instead.
  const first = Promise.race([
    answered.then(() => "answer"),
    control.serverSpoke().then(() => "state"),
  ]);
  if (await settlesWithin(first, { clock, milliseconds: connectTimeout })) {
    if (await first === "state") await control.expect(STATE.testStart);
    return;
  }
  throw new NetworkError(
    `${name} did not answer over UDP within ${formatDuration(connectTimeout)}: ` +
      "does anything drop datagrams to that port?",
  );
}
