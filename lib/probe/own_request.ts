/** One request of one's own and its answer. */
import { sameBytes } from "../core/bytes.ts";
import { bytesOfText, isExpression, literalPattern } from "../core/byte_pattern.ts";
import { UsageError } from "../core/errors.ts";
import { unescape } from "../core/escapes.ts";
import { type Expectation, parseExpectation } from "./expect_buffer.ts";
import { FillBuffer, type Filling, fillingOf, Template, templateOf } from "./template.ts";

const LINE_FEED = 0x0a;
const MAX_REMEMBERED_BYTES = 64 * 1024;
const MAX_UNLIKE = 16; // answers in a row that are not like the last one, until none is remembered
const MAX_UNCUT_BYTES = 4 * 1024 * 1024; // of an answer whose length is not known before

/** The longest answer that may be asked for by its length, in bytes. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** One request and its answer. Plain data: a worker is sent it. */
export interface ExchangeSpec {
  /** What is sent; nothing where the peer speaks first. */
  readonly send: Uint8Array;
  /** What the answer has in it, in this order: texts with escapes, or `/regex/`. */
  readonly expect: readonly string[];
  /** An answer has so many bytes, or is a line; otherwise it ends with what is expected last. */
  readonly expectBytes: number | undefined;
  readonly expectLine: boolean;
  /** How often it is made, beside the others. */
  readonly weight: number;
}

/** Something that an answer is to have in it. */
interface Expected {
  readonly template: Template;
  /** What it is, where that is always the same. */
  readonly fixed: Expectation | undefined;
  /** Whether it is bytes, and no `/regex/`. */
  readonly isLiteral: boolean;
}

/** An answer at the beginning of what has come. */
export interface Answer {
  /** Characters that it has, one for each byte. */
  readonly length: number;
  readonly intact: boolean;
}

/** One request and its answer, ready to be made. */
export class OwnRequest {
  readonly weight: number;
  readonly requestBytes: number;
  /** The bytes of every request, where all are the same. */
  readonly constant: Uint8Array | undefined;
  readonly #send: Template;
  readonly #expected: readonly Expected[];
  readonly #spec: ExchangeSpec;
  readonly #names: readonly string[];
  /** Whether an answer depends on more of its request than the number. */
  readonly #remembers: boolean;
  /** Whether one literal is all that is expected, and another one of each request. */
  readonly #isOneText: boolean;
  readonly #wanted = new FillBuffer();
  #lastAnswer: Uint8Array | undefined; // that was right, where all may be the same
  #unlike = 0; // answers since one was like the one before

  /** @throws {UsageError} where what is sent or expected is invalid */
  constructor(spec: ExchangeSpec) {
    this.#spec = spec;
    this.weight = spec.weight;
    this.#send = templateOf(spec.send);
    this.#expected = spec.expect.map(expectedOf);
    const expected = this.#expected.flatMap(({ template }) => template.names);
    this.#names = [...new Set([...this.#send.names, ...expected])];
    this.#remembers = expected.some((name) => name !== "seq");
    this.requestBytes = this.#send.fill(fillingOf(this.#names, 2 ** 31)).length;
    if (this.#names.length === 0) this.constant = bytesOfText(this.#send.fill(NOTHING));
    this.#isOneText = this.isDistinct && this.#expected.length === 1 &&
      this.#expected[0]!.isLiteral;
  }

  /** Whether answers tell to which request they belong. */
  get isDistinct(): boolean {
    return this.#expected.some(({ template }) => !template.isConstant);
  }

  /** Appends the bytes of a request; returns what to remember of it for its answer. */
  request(number: number, into: FillBuffer): Filling | undefined {
    const filling = fillingOf(this.#names, number);
    this.#send.fillInto(into, filling);
    return this.#remembers ? filling : undefined;
  }

  /**
   * Whether a chunk is a whole and right answer, as far as comparing bytes tells: it is the one text
   * that is expected, or the same as the last right answer.
   */
  isRight(chunk: Uint8Array, filling: () => Filling): boolean {
    return this.#isOneText ? this.#isWanted(chunk, filling()) : this.#isLikeLast(chunk);
  }

  #isWanted(chunk: Uint8Array, filling: Filling): boolean {
    this.#wanted.clear();
    this.#expected[0]!.template.fillInto(this.#wanted, filling);
    const wanted = this.#wanted.filled;
    const { expectBytes, expectLine } = this.#spec;
    if (expectBytes !== undefined && expectBytes !== wanted.length) return false;
    if (expectLine && wanted.indexOf(LINE_FEED) !== wanted.length - 1) return false;
    return sameBytes(wanted, chunk);
  }

  #isLikeLast(chunk: Uint8Array): boolean {
    if (!this.#lastAnswer || !sameBytes(this.#lastAnswer, chunk)) return false;
    this.#unlike = 0;
    return true;
  }

  /** Remembers a whole and right answer: the next one often is the same. */
  remember(answer: Uint8Array): void {
    if (this.isDistinct || answer.length > MAX_REMEMBERED_BYTES) return;
    if (this.#unlike++ === MAX_UNLIKE) this.#lastAnswer = undefined;
    if (this.#unlike > MAX_UNLIKE) return;
    if (this.#lastAnswer?.length === answer.length) this.#lastAnswer.set(answer);
    else this.#lastAnswer = answer.slice();
  }

  /** Bytes of which an answer may be made before it is whole. */
  get mostBytes(): number {
    return Math.max(MAX_UNCUT_BYTES, this.#spec.expectBytes ?? 0);
  }

  /** Whether what follows an answer may be left over, and no answer yet. */
  get leavesRest(): boolean {
    return this.#spec.expectBytes === undefined && !this.#spec.expectLine;
  }

  /** The length of the answer that a text begins with, and whether it is right; undefined before. */
  answer(
    text: string,
    { filling, isWhole }: {
      readonly filling: () => Filling;
      /** Whether the text is the answer, as a datagram is. */
      readonly isWhole: boolean;
    },
  ): Answer | undefined {
    const { expectBytes, expectLine } = this.#spec;
    if (isWhole) {
      const hasLength = expectBytes === undefined || expectBytes === text.length;
      return { length: text.length, intact: hasLength && this.#match(text, filling) !== undefined };
    }
    if (expectBytes === undefined && !expectLine) {
      const length = this.#match(text, filling);
      return length === undefined ? undefined : { length, intact: true };
    }
    const length = expectBytes ?? text.indexOf("\n") + 1;
    if (length === 0 || text.length < length) return undefined;
    return { length, intact: this.#match(text.slice(0, length), filling) !== undefined };
  }

  // Where the last of what is expected ends; undefined where one of them is missing.
  #match(text: string, filling: () => Filling): number | undefined {
    let at = 0;
    for (const { template, fixed, isLiteral } of this.#expected) {
      const rest = at === 0 ? text : text.slice(at);
      const filled = fixed ? "" : template.fill(filling());
      if (fixed || !isLiteral) {
        const match = (fixed ?? parseExpectation(filled)).pattern.find(rest);
        if (!match) return undefined;
        at += match.end;
      } else {
        const start = rest.indexOf(filled);
        if (start < 0) return undefined;
        at += start + filled.length;
      }
    }
    return at;
  }
}

const NOTHING: Filling = () => "";

function expectedOf(text: string): Expected {
  const isLiteral = !isExpression(text);
  const template = isLiteral ? templateOf(unescape(text)) : new Template(text);
  const filled = template.fill(fillingOf(template.names, 1));
  const sample = isLiteral ? { text, pattern: literalPattern(filled) } : parseExpectation(filled);
  if (filled === "" || sample.pattern.find("")) {
    throw new UsageError(`${text} is found in every answer, as nothing is enough for it`);
  }
  return { template, fixed: template.isConstant ? sample : undefined, isLiteral };
}
