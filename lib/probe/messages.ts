/** Numbered messages of one size, and checking their echoes. */
import { sameBytes } from "../core/bytes.ts";
import { NetworkError } from "../core/errors.ts";

/** Advice for a peer that does not echo. */
export const NO_ECHO = "; to time the connecting alone, try --connect --size 0";

/** The peer sent more than it was sent, so it does not echo. */
export const UNASKED_ANSWER = new NetworkError(
  `The peer sends more than it was sent: it does not echo${NO_ECHO}`,
);

/** Bytes that a number takes: eight hexadecimal digits. */
export const NUMBER_BYTES = 8;

const DIGITS = new TextEncoder().encode("0123456789abcdef");
const LINE_END = 0x0a;

/**
 * Messages `00000001abc…xyz\n`: the number in hexadecimal, then letters, then a line end. They can
 * be read on the peer's terminal, and a peer that answers line by line answers each. What is too
 * short for the number has its last digits.
 *
 * @example
 * ```ts
 * import { Messages } from "./messages.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const messages = new Messages({ size: 16, batch: 2 });
 * assertEquals(new TextDecoder().decode(messages.from(1, 2)),
 * "00000001abcdefg\n00000002abcdefg\n");
 * ```
 */
export class Messages {
  /** Bytes of a message. */
  readonly size: number;
  readonly #bytes: Uint8Array;

  /** Makes at most `batch` messages at a time. */
  constructor({ size, batch = 1 }: { readonly size: number; readonly batch?: number }) {
    this.size = size;
    this.#bytes = new Uint8Array(size * batch);
    for (let at = 0; at < this.#bytes.length; at++) {
      const place = at % size;
      this.#bytes[at] = place === size - 1 && size > NUMBER_BYTES
        ? LINE_END
        : 0x61 + (place - NUMBER_BYTES + 26) % 26;
    }
  }

  /** The message with this number and those after it, in a buffer that is used again. */
  from(first: number, count = 1): Uint8Array {
    for (let index = 0; index < count; index++) this.#number(first + index, index * this.size);
    const length = count * this.size;
    return length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, length);
  }

  #number(number: number, at: number): void {
    const digits = Math.min(NUMBER_BYTES, this.size);
    for (let place = digits - 1, rest = number; place >= 0; place--) {
      this.#bytes[at + place] = DIGITS[rest & 15]!;
      rest >>>= 4;
    }
  }
}

/** Takes an answer: the number of the message, whether it came back as it was, and its length. */
export type OnAnswer = (number: number, intact: boolean, size: number) => void;

/** Takes what the peer sends, chunk by chunk. */
export interface AnswerParser {
  /** Bytes of an answer that is not whole yet. */
  readonly pending: number;
  received(chunk: Uint8Array): void;
}

/**
 * Finds the answers in what a peer sends: a datagram is one, by the number that it bears, 0 where
 * it has none; a stream is cut by the length of the messages, in their order from `first` on.
 */
export function answersOf(
  { framed }: { readonly framed: boolean },
  { size, first = 1, onAnswer }: {
    readonly size: number;
    readonly first?: number;
    readonly onAnswer: OnAnswer;
  },
): AnswerParser {
  const messages = new Messages({ size });
  if (!framed) return new AnswerStream({ messages, first, onAnswer });
  return {
    pending: 0,
    received(datagram) {
      const number = numberOf(datagram) ?? 0;
      onAnswer(number, sameBytes(datagram, messages.from(number)), datagram.length);
    },
  };
}

class AnswerStream implements AnswerParser {
  readonly #messages: Messages;
  readonly #onAnswer: OnAnswer;
  #number: number;
  #offset = 0;
  #intact = true;

  constructor(
    { messages, first, onAnswer }: {
      readonly messages: Messages;
      readonly first: number;
      readonly onAnswer: OnAnswer;
    },
  ) {
    this.#messages = messages;
    this.#number = first;
    this.#onAnswer = onAnswer;
  }

  get pending(): number {
    return this.#offset;
  }

  received(chunk: Uint8Array): void {
    const { size } = this.#messages;
    for (let at = 0; at < chunk.length;) {
      const length = Math.min(chunk.length - at, size - this.#offset);
      const expected = partOf(this.#messages.from(this.#number), { at: this.#offset, length });
      if (!sameBytes(partOf(chunk, { at, length }), expected)) this.#intact = false;
      at += length;
      this.#offset += length;
      if (this.#offset < size) return;
      this.#onAnswer(this.#number++, this.#intact, size);
      this.#offset = 0;
      this.#intact = true;
    }
  }
}

// Making a view takes longer than comparing a small message, which often is the whole chunk.
function partOf(bytes: Uint8Array, { at, length }: { at: number; length: number }): Uint8Array {
  return length === bytes.length ? bytes : bytes.subarray(at, at + length);
}

// The number of a datagram; undefined where it has none.
function numberOf(datagram: Uint8Array): number | undefined {
  let number = 0;
  for (let at = 0; at < NUMBER_BYTES; at++) {
    const digit = DIGITS.indexOf(datagram[at] ?? 0);
    if (digit < 0) return undefined;
    number = number * 16 + digit;
  }
  return number;
}
