/** Sanitising payload for a terminal. */
import { HEX } from "./hexdump.ts";

/**
 * C0, DEL and C1 can command a terminal; line and paragraph separators and the bidirectional
 * controls can reorder what a person reads (Unicode TR 36 section 2.10); and characters without
 * width, the byte order mark and tags among them, are not seen (section 2.10.2 of the same).
 */
const UNSAFE =
  /[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

const BACKSLASH = 0x5c;
const MAX_CHARACTER_BYTES = 4; // bytes of one character in UTF-8 (RFC 3629)

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Escapes what is unsafe in text that is valid already: an error message or an argument.
 *
 * @example
 * ```ts
 * import { printableText } from "./sanitize.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printableText("\x1b[2J"), "\\x1b[2J");
 * ```
 */
export function printableText(text: string): string {
  return text.replace(UNSAFE, escape);
}

/**
 * Shows bytes on one line, so that different bytes look different: valid UTF-8 stays; controls,
 * invalid bytes, characters that are not seen and backslashes are escaped.
 *
 * @example
 * ```ts
 * import { printable } from "./sanitize.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printable(new Uint8Array([0x68, 0xc3, 0xa9, 0xff, 0x0a])), "hé\\xff\\n");
 * ```
 */
export function printable(bytes: Uint8Array): string {
  return decode(bytes, "\\\\").replace(UNSAFE, escape);
}

/** {@linkcode printable}, of the first `limit` bytes; the rest is counted, not shown. */
export function preview(bytes: Uint8Array, limit: number): string {
  if (bytes.length <= limit) return printable(bytes);
  const kept = wholeCharacters(bytes, limit);
  return `${printable(kept)}… (${bytes.length - kept.length} more)`;
}

/** At most the first `limit` bytes, without the beginning of a character that goes on. */
export function wholeCharacters(bytes: Uint8Array, limit: number): Uint8Array {
  const kept = bytes.subarray(0, limit);
  return kept.length < bytes.length ? kept.subarray(0, limit - incompleteTail(kept)) : kept;
}

/**
 * Shows a stream of bytes on a terminal: as {@linkcode printable}, but line ends and tabs stay
 * and a character split between two chunks is kept whole.
 */
export class TerminalText {
  #carried: Uint8Array = new Uint8Array(0);

  /** The text for one more chunk; what can only be judged with the next one is carried over. */
  push(chunk: Uint8Array): string {
    const bytes = joined(this.#carried, chunk);
    const tail = bytes.at(-1) === 0x0d ? 1 : incompleteTail(bytes);
    this.#carried = bytes.slice(bytes.length - tail);
    return terminalText(bytes.subarray(0, bytes.length - tail));
  }

  /** The text for what was carried over at the end of the stream. */
  end(): string {
    const text = terminalText(this.#carried);
    this.#carried = new Uint8Array(0);
    return text;
  }
}

function terminalText(bytes: Uint8Array): string {
  return decode(bytes).replace(/\r\n/g, "\n").replace(
    UNSAFE,
    (char) => char === "\n" || char === "\t" ? char : escape(char),
  );
}

/** JSON that is safe on a terminal, on one line; JSON itself requires only C0 to be escaped. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escapeForJson);
}

function escapeForJson(char: string): string {
  const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

function escape(char: string): string {
  const code = char.codePointAt(0)!;
  const named = NAMED.get(char);
  if (named) return named;
  return code < 0x80 ? `\\x${HEX[code]}` : `\\u{${code.toString(16)}}`;
}

// Invalid bytes become \xNN one by one; the valid characters around them stay. A decoder that
// throws at the first of them would take longer than everything else about a chunk.
function decode(bytes: Uint8Array, backslash = "\\"): string {
  if (bytes.every((byte) => byte < 0x80)) return utf8.decode(bytes).replaceAll("\\", backslash);
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length === 0) text += `\\x${HEX[bytes[at]!]}`;
    else text += bytes[at] === BACKSLASH ? backslash : character(bytes, { at, length });
    at += length || 1;
  }
  return text;
}

function character(bytes: Uint8Array, { at, length }: { at: number; length: number }): string {
  let code = length === 1 ? bytes[at]! : bytes[at]! & (0x7f >> length);
  for (let next = 1; next < length; next++) code = code << 6 | bytes[at + next]! & 0x3f;
  return String.fromCodePoint(code);
}

// How many bytes the character at `at` has, or 0 where none is valid (RFC 3629 section 4).
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = sequenceLength(first);
  if (length === 1) return first < 0x80 ? 1 : 0;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  const second = bytes[at + 1]!;
  if (first === 0xe0 && second < 0xa0 || first === 0xf0 && second < 0x90) return 0; // overlong
  if (first === 0xed && second > 0x9f || first === 0xf4 && second > 0x8f) return 0; // no character
  for (let next = 1; next < length; next++) {
    if (bytes[at + next]! >> 6 !== 0b10) return 0;
  }
  return length;
}

// The length in bytes of a character that begins with this byte; 1 if none does.
function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

// How many bytes at the end are an incomplete character.
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back < MAX_CHARACTER_BYTES && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? back : 0;
  }
  return 0;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
