/** Requests that differ: `{seq}`, `{random:N}` and `{uuid}` in what is sent and expected. */
import { UsageError } from "../core/errors.ts";
import { bytesOfText, byteText } from "../core/byte_pattern.ts";

const MAX_RANDOM = 1024 * 1024; // characters
const MAX_DRAWN = 65_536; // characters, which are repeated for more
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** What stands for each placeholder in one request and its answer. */
export type Filling = (name: string) => string;

interface Piece {
  readonly text: string;
  /** The same where a character stands for a byte. */
  readonly bytes: Uint8Array;
  /** The placeholder that follows it, as `random:8`. */
  readonly name: string | undefined;
}

/**
 * A text with placeholders.
 *
 * @example
 * ```ts
 * import { Template } from "./template.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const template = new Template("GET /{seq} {{seq}} {other}");
 * assertEquals(template.fill(() => "7"), "GET /7 {seq} {other}");
 * assertEquals(template.names, ["seq"]);
 * ```
 */
export class Template {
  /** The placeholders that it has. */
  readonly names: readonly string[];
  readonly #pieces: readonly Piece[]; // the last one has no placeholder behind it

  /** @throws {UsageError} where something random is longer than 1 MiB */
  constructor(text: string) {
    this.#pieces = piecesOf(text);
    this.names = [...new Set(this.#pieces.flatMap(({ name }) => name ?? []))];
    for (const name of this.names) {
      if (Number(name.split(":")[1] ?? 0) <= MAX_RANDOM) continue;
      throw new UsageError(`{${name}} is more than 1 MiB`);
    }
  }

  /** Whether it is the same for every request. */
  get isConstant(): boolean {
    return this.names.length === 0;
  }

  /** The text of a request, or of its answer. */
  fill(filling: Filling): string {
    return this.#pieces.map(({ text, name }) => name === undefined ? text : text + filling(name))
      .join("");
  }

  /** Appends the same as bytes, one for each character. */
  fillInto(buffer: FillBuffer, filling: Filling): void {
    for (const { bytes, name } of this.#pieces) {
      buffer.append(bytes, name === undefined ? "" : filling(name));
    }
  }
}

/** Bytes that templates were filled into, one after the other. */
export class FillBuffer {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** What was appended; valid until it is cleared. */
  get filled(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was appended; the room is used again. */
  clear(): void {
    this.#length = 0;
  }

  /** Appends bytes, and a text whose characters stand for bytes. */
  append(bytes: Uint8Array, text: string): void {
    const length = this.#length + bytes.length + text.length;
    if (length > this.#bytes.length) this.#grow(length);
    const into = this.#bytes;
    into.set(bytes, this.#length);
    let at = this.#length + bytes.length;
    for (let place = 0; place < text.length; place++) into[at++] = text.charCodeAt(place);
    this.#length = length;
  }

  #grow(least: number): void {
    const grown = new Uint8Array(Math.max(least, 2 * this.#bytes.length));
    grown.set(this.filled);
    this.#bytes = grown;
  }
}

/** The template of some bytes. */
export function templateOf(bytes: Uint8Array): Template {
  return new Template(byteText(bytes));
}

const NAME = String.raw`(?:seq|uuid|random:\d+)`;
const PLACEHOLDER = new RegExp(String.raw`(\{\{${NAME}\}\}|\{${NAME}\})`);

function piecesOf(text: string): Piece[] {
  const parts = text.split(PLACEHOLDER);
  const pieces: Piece[] = [];
  let before = "";
  for (const [index, part] of parts.entries()) {
    const isPlaceholder = index % 2 === 1 && !part.startsWith("{{");
    if (isPlaceholder) {
      pieces.push({ text: before, bytes: bytesOfText(before), name: part.slice(1, -1) });
      before = "";
    } else {
      before += index % 2 === 1 ? part.slice(1, -1) : part; // two braces stand for one
    }
  }
  return [...pieces, { text: before, bytes: bytesOfText(before), name: undefined }];
}

/** What stands for placeholders in the request with this number. */
export function fillingOf(names: readonly string[], number: number): Filling {
  if (names.length === 1 && names[0] === "seq") return () => String(number);
  const values = new Map(names.map((name) => [name, valueOf(name, number)]));
  return (name) => values.get(name) ?? "";
}

function valueOf(name: string, number: number): string {
  if (name === "seq") return String(number);
  if (name === "uuid") return crypto.randomUUID();
  const length = Number(name.split(":")[1]);
  let text = "";
  for (const random of crypto.getRandomValues(new Uint8Array(Math.min(length, MAX_DRAWN)))) {
    text += LETTERS[random % LETTERS.length];
  }
  return text.repeat(Math.ceil(length / Math.max(1, text.length))).slice(0, length);
}
