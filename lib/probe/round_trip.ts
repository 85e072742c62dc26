/** Round trips: over a new connection for one message, with the time of each part. */
import type { Address } from "../net/address.ts";
import { type Clock, settlesWithin, turn } from "../core/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { type DialPart, DialTimes } from "../net/dial_times.ts";
import type { OnPhase } from "../net/transport.ts";
import type { Exchange } from "./exchange.ts";

/** A part of a round trip, and how long it took in milliseconds. */
export interface Part {
  readonly name: DialPart["name"] | "echo" | "answer";
  readonly took: number;
}

/** The outcome of a round trip over a new connection. */
export interface RoundTrip {
  /** From the first look-up to the last byte, in milliseconds. */
  readonly took: number;
  readonly parts: readonly Part[];
  readonly answer: Answer;
  /** Bytes of the answer. */
  readonly size: number;
  readonly remote: Address;
}

/**
 * The answer to a request: right, another one, cut short by the end of the connection, an end without
 * an answer, or none in time.
 */
export type Answer = "intact" | "corrupt" | "short" | "closed" | "none";

/** One request. */
export interface RoundTripOptions {
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly number: number;
  /** How long the answer may take, in milliseconds. */
  readonly timeout: number;
}

/** Connects within a time, in milliseconds. */
export type Dial = (
  request: { readonly atMost: number; readonly onPhase: OnPhase },
) => Promise<Duplex>;

/** Connects, sends a message, waits for its answer, and closes; the timeout is for all of it. */
export async function connectAndExchange(dial: Dial, asking: RoundTripOptions): Promise<RoundTrip> {
  const { clock, exchange: { isNothing, partName }, timeout } = asking;
  const times = new DialTimes(clock);
  const peer = await dial({ atMost: timeout, onPhase: times.onPhase });
  const { elapsedMs, parts } = times;
  if (isNothing) {
    peer.close();
    return { took: elapsedMs, parts, answer: "intact", size: 0, remote: peer.remote };
  }
  const { answer, size, took } = await exchangeOnce(peer, {
    ...asking,
    timeout: Math.max(0, timeout - elapsedMs),
  });
  return {
    took: elapsedMs + took,
    parts: [...parts, { name: partName, took }],
    answer,
    size,
    remote: peer.remote,
  };
}

/** What became of a request. */
interface Answered {
  readonly answer: Answer;
  /** Bytes of the answer. */
  readonly size: number;
}

/** The same, and how long it took in milliseconds. */
interface Outcome extends Answered {
  readonly took: number;
}

/** Sends a request and waits for its answer, then closes the peer. */
export async function exchangeOnce(peer: Duplex, asking: RoundTripOptions): Promise<Outcome> {
  const { clock, timeout } = asking;
  const ask = compose(peer, asking);
  const asked = clock.now();
  const answering = ask();
  answering.catch(() => {}); // closing the peer ends it
  try {
    const { answer, size }: Answered =
      await settlesWithin(answering, { clock, milliseconds: timeout })
        ? await answering
        : { answer: "none", size: 0 };
    return { answer, size, took: clock.now() - asked };
  } finally {
    peer.close();
  }
}

// Making a large request takes its time. Returns what sends it and waits for the answer.
function compose(
  peer: Duplex,
  { clock, exchange, number }: RoundTripOptions,
): () => Promise<Answered> {
  let answered: Answered | undefined;
  const dialogue = exchange.open({
    framed: peer.framed,
    batch: 1,
    first: number,
    onAnswer: (_, intact, size) => answered = { answer: intact ? "intact" : "corrupt", size },
    onStray() {},
  });
  const request = dialogue.requests(number, 1);
  return async () => {
    const writing = request.length > 0 ? peer.write(request) : Promise.resolve();
    writing.catch(() => {}); // the reading side tells of a peer that is gone
    while (!answered) {
      const chunk = await peer.read();
      if (!chunk) {
        await Promise.race([writing, turn(clock)]).catch(rethrowReset);
        const { pending: size } = dialogue;
        return { answer: size > 0 ? "short" : "closed", size };
      }
      dialogue.received(chunk);
    }
    return answered;
  };
}

// Of a reset one side alone is told. A broken pipe is another: the peer had closed before.
function rethrowReset(error: unknown): void {
  if (error instanceof Deno.errors.ConnectionReset) throw error;
}
