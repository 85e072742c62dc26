/** Requests of one's own on one connection, and telling their answers apart. */
import { byteText } from "../core/byte_pattern.ts";
import type { Dialogue, DialogueOptions } from "./exchange.ts";
import type { Answer, OwnRequest } from "./own_request.ts";
import { FillBuffer, type Filling, fillingOf } from "./template.ts";

const MAX_RECENT = 256; // requests over UDP whose answers may still come
const SECOND_ANSWER = "a second answer";
const NUMBER_ALONE = ["seq"];

/** The kind of the request with a number. */
export type Choose = (number: number) => OwnRequest;

/** What was sent, as far as answers depend on it. */
class Asked {
  /** The number of the last request; 0 before the first. */
  last = 0;
  readonly #choose: Choose;
  readonly #filled = new FillBuffer();
  readonly #fillings = new Map<number, Filling>(); // of requests that wait

  constructor(choose: Choose) {
    this.#choose = choose;
  }

  requests(first: number, count: number): Uint8Array {
    this.last = first + count - 1;
    const { constant } = this.#choose(first);
    if (count === 1 && constant) return constant;
    this.#filled.clear();
    for (let number = first; number <= this.last; number++) {
      const filling = this.#choose(number).request(number, this.#filled);
      if (filling) this.#fillings.set(number, filling);
    }
    return this.#filled.filled;
  }

  kindOf(number: number): OwnRequest {
    return this.#choose(number);
  }

  fillingOf(number: number): () => Filling {
    return () => this.#fillings.get(number) ?? fillingOf(NUMBER_ALONE, number);
  }

  forget(number: number): void {
    if (this.#fillings.size > 0) this.#fillings.delete(number);
  }
}

/** On a stream answers come in the order of their requests. */
export class StreamDialogue implements Dialogue {
  readonly #asked: Asked;
  readonly #options: DialogueOptions;
  #next: number; // the request that is answered next
  #text = ""; // what has come since the last answer
  #rest = 0; // characters of it that came together with that answer

  constructor(choose: Choose, options: DialogueOptions) {
    this.#asked = new Asked(choose);
    this.#options = options;
    this.#next = options.first ?? 1;
  }

  // What was left over is no part of an answer until more comes.
  get pending(): number {
    const isRest = this.#asked.kindOf(this.#next).leavesRest;
    return isRest ? Math.max(0, this.#text.length - this.#rest) : this.#text.length;
  }

  requests(first: number, count: number): Uint8Array {
    return this.#asked.requests(first, count);
  }

  received(chunk: Uint8Array): void {
    const [asked, next] = [this.#asked, this.#next];
    const isWaiting = this.#text === "" && next <= asked.last;
    const kind = asked.kindOf(next);
    if (isWaiting && kind.isRight(chunk, asked.fillingOf(next))) {
      return this.#answered(true, chunk.length);
    }
    this.#text += byteText(chunk);
    while (this.#text !== "") {
      const answer = this.#takeAnswer();
      if (!answer) break;
      if (isWaiting && answer.intact && answer.length === chunk.length) kind.remember(chunk);
      this.#rest = this.#text.length;
    }
    const { mostBytes } = this.#asked.kindOf(this.#next);
    if (this.#text.length > mostBytes) this.#text = this.#text.slice(-mostBytes);
  }

  // What is left over is the next one's; a whole answer that nothing waits for is a second one.
  #takeAnswer(): Answer | undefined {
    const { last } = this.#asked;
    const number = Math.min(this.#next, last);
    const filling = this.#asked.fillingOf(number);
    const found = this.#asked.kindOf(number).answer(this.#text, { filling, isWhole: false });
    if (!found) return undefined;
    this.#text = this.#text.slice(found.length);
    if (this.#next <= last) this.#answered(found.intact, found.length);
    else this.#options.onStray(SECOND_ANSWER, found.length);
    return found;
  }

  #answered(intact: boolean, size: number): void {
    const number = this.#next++;
    this.#asked.forget(number);
    this.#options.onAnswer(number, intact, size);
  }
}

/**
 * Each datagram is an answer: of the first request that waits and that it is right for, or of one
 * that waits no longer; a wrong one of the first that waits.
 */
export class DatagramDialogue implements Dialogue {
  readonly pending = 0;
  readonly #asked: Asked;
  readonly #options: DialogueOptions;
  readonly #waiting = new Set<number>();
  readonly #recent = new Set<number>(); // answered or lost

  constructor(choose: Choose, options: DialogueOptions) {
    this.#asked = new Asked(choose);
    this.#options = options;
  }

  requests(first: number, count: number): Uint8Array {
    for (let number = first; number < first + count; number++) this.#waiting.add(number);
    return this.#asked.requests(first, count);
  }

  lost(number: number): void {
    this.#waiting.delete(number);
    this.#recent.add(number);
    if (this.#recent.size <= MAX_RECENT) return;
    const [oldest] = this.#recent;
    this.#recent.delete(oldest!);
    this.#asked.forget(oldest!);
  }

  received(datagram: Uint8Array): void {
    const { onAnswer, onStray } = this.#options;
    const text = byteText(datagram);
    const isRight = (number: number) => {
      const filling = this.#asked.fillingOf(number);
      return this.#asked.kindOf(number).answer(text, { filling, isWhole: true })!.intact;
    };
    const isLate = (number: number) => this.#asked.kindOf(number).isDistinct && isRight(number);
    const late = () => [...this.#recent].findLast(isLate);
    const right = this.#waiting.values().find(isRight) ?? late();
    const [oldest] = this.#waiting;
    const number = right ?? oldest;
    if (number === undefined) return onStray(SECOND_ANSWER, datagram.length);
    this.lost(number);
    onAnswer(number, right !== undefined, datagram.length);
  }
}
