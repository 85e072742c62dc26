/** Matching expectations in what a peer has sent. */
import { type BytePattern, bytePattern, bytesOfText, byteText } from "../core/byte_pattern.ts";
import { unescape } from "../core/escapes.ts";

const MAX_KEPT_BYTES = 1 << 20; // bytes that are kept while nothing of them is expected

/** A text or a pattern that a peer is expected to send. */
export interface Expectation {
  /** As it was given. */
  readonly text: string;
  readonly pattern: BytePattern;
}

/**
 * Reads what is expected: a text with escapes, or `/regex/`, which is matched byte by byte.
 *
 * @throws {UsageError} for a bad escape or a bad pattern
 */
export function parseExpectation(text: string): Expectation {
  const pattern = bytePattern(text, { literal: unescape });
  return { text, pattern };
}

/**
 * What a peer has sent and no expectation has matched yet.
 *
 * @example
 * ```ts
 * import { ExpectBuffer, parseExpectation } from "./expect_buffer.ts";
 * import { withPatterns } from "../core/byte_pattern.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const greeting = await withPatterns(() => parseExpectation("/^220 .*?\r\n/"));
 * const buffer = new ExpectBuffer();
 * buffer.push(new TextEncoder().encode("220 ready\r\n250 ok\r\n"));
 * assertEquals(buffer.take(greeting), true);
 * assertEquals(buffer.take(parseExpectation("220")), false); // that was before
 * assertEquals(buffer.take(parseExpectation("250 ok\\r\\n")), true);
 * ```
 */
export class ExpectBuffer {
  #text = "";

  /** Adds a chunk. */
  push(chunk: Uint8Array): void {
    this.#text = (this.#text + byteText(chunk)).slice(-MAX_KEPT_BYTES);
  }

  /** Whether an expectation matches; then the match and all before it are removed. */
  take({ pattern }: Expectation): boolean {
    const match = pattern.find(this.#text);
    if (!match) return false;
    this.#text = this.#text.slice(match.end);
    return true;
  }

  /** What is left, as bytes. */
  get rest(): Uint8Array {
    return bytesOfText(this.#text);
  }
}
