/** What is asked of a peer, and how its answers are told: an echo, or an exchange of one's own. */
import type { OnAnswer } from "./messages.ts";

/** What is asked and answered on one connection. Requests are numbered without a gap. */
export interface Dialogue {
  /** Bytes that have come and are no whole answer yet. */
  readonly pending: number;
  /** The request with this number and those after it, in a buffer that is used again. */
  requests(first: number, count: number): Uint8Array;
  /** Takes what the peer sends, chunk by chunk. */
  received(chunk: Uint8Array): void;
  /** A request is waited for no longer; of datagrams alone, whose answers may skip one. */
  lost?(number: number): void;
}

/** How a {@linkcode Dialogue} is opened. */
export interface DialogueOptions {
  /** Whether each chunk is a datagram. */
  readonly framed: boolean;
  /** Requests that may be asked for at once. */
  readonly batch: number;
  /** The number of the first request; by default 1. */
  readonly first?: number;
  readonly onAnswer: OnAnswer;
  /** Called with the kind and the bytes of an answer that no request waits for. */
  readonly onStray: (kind: string, size: number) => void;
}

/** One thing to measure, for any number of connections. */
export interface Exchange {
  /** Bytes of a request at most; 0 where there is nothing to ask. */
  readonly requestBytes: number;
  /** Whether a connection alone is all that is asked for. */
  readonly isNothing: boolean;
  /** What an answer is that came, and is not the right one. */
  readonly wrongAnswer: string;
  /** What the part of a round trip is called in which the answer comes. */
  readonly partName: "echo" | "answer";
  /** What a right answer is. */
  readonly whatIsRight: string;
  /** What is said where no answer was right. */
  readonly advice: string;
  /** What a ping says of a wrong answer. */
  readonly wrongRemark: string;
  open(options: DialogueOptions): Dialogue;
}
