/** Round trips: over a new connection for one message, with the time of each part. */
import type { Address } from "../net/address.ts";
import { type Clock, settlesWithin } from "../core/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Phase } from "../net/transport.ts";
import { answersOf, Messages } from "./messages.ts";

/** A part of a round trip, and how long it took in milliseconds. */
export interface Part {
  readonly name: Exclude<Phase, "loading"> | "echo";
  readonly took: number;
}

/** The outcome of a round trip over a new connection. */
export interface RoundTrip {
  /** From the first look-up to the last byte, in milliseconds. */
  readonly took: number;
  readonly parts: readonly Part[];
  readonly answer: Answer;
  readonly remote: Address;
}

/** The answer to a message: as sent, other bytes, an end of the connection, or none in time. */
export type Answer = "intact" | "corrupt" | "closed" | "none";

/** One message. */
export interface RoundTripOptions {
  readonly clock: Clock;
  /** Bytes; with 0 nothing is sent. */
  readonly size: number;
  readonly number: number;
  /** How long the answer may take, in milliseconds. */
  readonly timeout: number;
}

/** Connects within a time, in milliseconds. */
export type Dial = (
  request: { readonly atMost: number; readonly onPhase: (phase: Phase) => void },
) => Promise<Duplex>;

/** Connects, sends a message, waits for its answer, and closes; the timeout is for all of it. */
export async function connectAndExchange(dial: Dial, asking: RoundTripOptions): Promise<RoundTrip> {
  const { clock, size, timeout } = asking;
  const parts: Part[] = [];
  let started = clock.now();
  let since = started;
  const finish = (name: Part["name"] | "loading") => {
    const took = clock.now() - since;
    since += took;
    if (name === "loading") started += took;
    else parts.push({ name, took });
  };
  const peer = await dial({ atMost: timeout, onPhase: finish });
  if (size === 0) {
    peer.close();
    return { took: clock.now() - started, parts, answer: "intact", remote: peer.remote };
  }
  since = clock.now();
  const answer = await exchange(peer, {
    ...asking,
    timeout: Math.max(0, started + timeout - since),
  });
  finish("echo");
  return { took: since - started, parts, answer, remote: peer.remote };
}

/** Sends a message and waits for its answer, then closes the peer. */
export async function exchange(peer: Duplex, asking: RoundTripOptions): Promise<Answer> {
  const { clock, timeout } = asking;
  const answering = sendAndReceive(peer, asking);
  answering.catch(() => {}); // closing the peer ends it
  try {
    return await settlesWithin(answering, { clock, milliseconds: timeout })
      ? await answering
      : "none";
  } finally {
    peer.close();
  }
}

async function sendAndReceive(peer: Duplex, { size, number }: RoundTripOptions): Promise<Answer> {
  const sending = peer.write(new Messages({ size }).from(number));
  sending.catch(() => {}); // the reading side tells of a peer that is gone
  let answer: Answer = "none";
  const answers = answersOf(peer, {
    size,
    first: number,
    onAnswer: (_, intact) => answer = intact ? "intact" : "corrupt",
  });
  while (answer === "none") {
    const chunk = await peer.read();
    if (!chunk) return "closed";
    answers.received(chunk);
  }
  return answer;
}
