/** Pipe: stdin to the peer and the peer to stdout, byte for byte, both at once. */
import { discardInput, pump } from "../../net/pump.ts";
import { type Clock, settlesWithin } from "../../core/clock.ts";
import type { Reader } from "../../core/io.ts";
import { trafficMeter } from "../progress.ts";
import { CrlfEncoder } from "../crlf.ts";
import { NetworkError, UsageError } from "../../core/errors.ts";
import { isReset } from "../../core/explain.ts";
import { sendLines } from "../lines.ts";
import type { ChunkWriter, Duplex } from "../../net/duplex.ts";
import { chunksOf } from "../../net/streams.ts";
import { duration, flag } from "../../cli/options.ts";
import { formatQuantity } from "../../core/units.ts";
import { measureOptions } from "../../probe/options.ts";
import { Verifier } from "../../probe/verifier.ts";
import { conversationOptions, defineMode, failureOf, verifyOptions } from "../mode.ts";
import { endInput, lingerFor, payloadTo, silenceOf } from "../conversation.ts";

const INPUT_BUFFER_BYTES = 64 * 1024; // a read of stdin takes tens of microseconds

const FLUSH_TIMEOUT_MS = 5000; // for stdout to take the last bytes

/** The pipe mode. */
export const pipe = defineMode({
  name: "pipe",
  summary: "send stdin to the peer and write what it sends to stdout",
  example: "echo hello | netecho client localhost 8080",
  options: {
    ...conversationOptions,
    ...verifyOptions,
    json: measureOptions.json,
    recvOnly: flag({
      summary: "send nothing, and do not read stdin",
      excludes: ["sendOnly", "verify", "crlf", "delayLines", "linger", "noHalfClose"],
    }),
    sendOnly: flag({ summary: "discard what the peer sends", excludes: ["verify"] }),
    delayLines: duration({ summary: "send stdin line by line, D apart" }),
  },
  async run(context, values) {
    const { verify, recvOnly, sendOnly } = values;
    if (values.json && !context.trace) throw new UsageError("Option --json needs -v here");
    const { clock, output, progress } = context;
    const peer = await context.dial();
    const log = context.openLog();
    const verifier = verify ? new Verifier() : undefined;
    peer.observe(log.watch());
    peer.observe({ received: verifier && ((chunk) => verifier.received(chunk)) });
    const input = new WatchedInput(context.input);
    const sending = recvOnly ? endless() : send(peer, { verifier, values, input, clock });
    const receiving = sendOnly ? discardInput(peer) : pump(peer, payloadTo(output));
    const linger = lingerFor(peer, values.linger);
    let [whole, closed] = [false, false];
    sending.then(() => whole = true, () => {});
    receiving.then(() => closed = true, () => {});
    const meter = trafficMeter(peer, clock);
    const waitingFor = () => {
      if (whole) return "the peer to finish";
      if (recvOnly) return "the peer";
      if (input.waiting) return "stdin";
      return values.delayLines === undefined ? "the peer to take more" : "the next line";
    };
    const exchanging = exchangeAll(peer, { sending, receiving, linger, clock, verifier });
    try {
      const describe = () => `${meter()}; waiting for ${waitingFor()}`;
      const covered = () =>
        (context.isTyped && !recvOnly && !whole) || (output.isTerminal() && !sendOnly);
      await progress.during(exchanging, describe, { covered });
    } finally {
      const tcp = context.trace && peer.tcpInfo;
      peer.close();
      await settlesWithin(receiving, { clock, milliseconds: FLUSH_TIMEOUT_MS });
      await log.flush(FLUSH_TIMEOUT_MS);
      await context.trace?.say(context.trace.format.closed(peer.traffic, tcp));
    }
    if (verifier) await context.say(verdict(verifier, { whole }));
    if (verifier || recvOnly || sendOnly) return 0;
    const silence = silenceOf(peer, { halfClosed: whole && !values.noHalfClose, closed });
    if (silence) await context.say(silence);
    return 0;
  },
});

function verdict(verifier: Verifier, { whole }: { whole: boolean }): string {
  verifier.finish();
  const verified = `${formatQuantity(verifier.verified, "byte")} came back as sent`;
  if (whole) return `verified: ${verified}`;
  throw new NetworkError(
    `Cannot verify: the peer closed the connection before the end of stdin, after ${verified}`,
  );
}

interface Sending {
  readonly verifier: Verifier | undefined;
  readonly values: {
    readonly crlf: boolean;
    readonly noHalfClose: boolean;
    readonly delayLines: number | undefined;
  };
  readonly input: Reader;
  readonly clock: Clock;
}

function send(peer: Duplex, { verifier, values, input, clock }: Sending): Promise<void> {
  const { delayLines: delay } = values;
  const chunks = chunksOf(input, INPUT_BUFFER_BYTES);
  const output = outgoing(peer, { ...values, verifier });
  if (delay === undefined) return pump(chunks, output);
  return sendLines(chunks, output, { delay, clock });
}

/** Input of which is known whether it is waited for. */
class WatchedInput implements Reader {
  waiting = false;
  readonly #input: Reader;

  constructor(input: Reader) {
    this.#input = input;
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.waiting = true;
    try {
      return await this.#input.read(into);
    } finally {
      this.waiting = false;
    }
  }
}

function endless(): Promise<void> {
  return new Promise(() => {});
}

interface Transfer {
  readonly sending: Promise<void>;
  readonly receiving: Promise<void>;
  readonly linger: number | undefined;
  readonly clock: Clock;
  readonly verifier: Verifier | undefined;
}

// Ends when the peer ends, whatever is left of stdin, or when the linger time after stdin is over.
async function exchangeAll(peer: Duplex, transfer: Transfer): Promise<void> {
  const { receiving, linger, clock, verifier } = transfer;
  const lingered = Promise.withResolvers<void>();
  let cancelLinger = () => {};
  let broken: unknown;
  const endWhenComplete = () => {
    if (peer.framed && verifier?.complete) lingered.resolve();
  };
  const sending = transfer.sending.then(() => {
    if (linger !== undefined) cancelLinger = clock.after(linger, lingered.resolve);
    peer.observe({ received: endWhenComplete });
    endWhenComplete();
  }, (error) => {
    // A reset is seen here first; what arrived before it is still to be read.
    if (!isReset(error)) throw error;
    broken = error;
  });
  try {
    const failed = sending.then(endless);
    await Promise.race([receiving, lingered.promise, failed]);
  } catch (error) {
    broken = error;
  } finally {
    cancelLinger();
    receiving.catch(() => {}); // closing the peer ends what is pending
    sending.catch(() => {});
  }
  if (broken) throw failureOf(peer, broken);
}

// The output of the pipe: the peer itself, unless its input is changed or remembered, or has no end.
function outgoing(
  peer: Duplex,
  { verifier, crlf, noHalfClose }: Sending["values"] & Pick<Sending, "verifier">,
): ChunkWriter {
  if (!verifier && !crlf && !noHalfClose) return peer;
  const encoder = crlf ? new CrlfEncoder() : undefined;
  return {
    write(chunk) {
      const bytes = encoder ? encoder.encode(chunk) : chunk;
      verifier?.sent(bytes); // before the echo can arrive
      return peer.write(bytes);
    },
    closeWrite: () => endInput(peer, { noHalfClose }),
  };
}
