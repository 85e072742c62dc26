/**
 * Types of the few functions that netecho uses from the standard library: the npm package that
 * `deno.json` maps its names to carries none. The names are JSR's, as in the imports.
 */

declare module "@std/cli/parse-args" {
  /** What {@linkcode parseArgs} leaves: the positional arguments in `_`, and a key per option. */
  export interface Args {
    [name: string]: unknown;
    _: string[];
  }

  /** Parses command-line arguments; see https://jsr.io/@std/cli/doc/parse-args. */
  export function parseArgs(args: string[], options: {
    string?: string[];
    collect?: string[];
  }): Args;
}

declare module "@std/text/levenshtein-distance" {
  /** How many letters to change, add or leave out make one word of the other. */
  export function levenshteinDistance(one: string, other: string): number;
}

declare module "@std/text/closest-string" {
  /** The word with the smallest edit distance; throws a TypeError when `possible` is empty. */
  export function closestString(given: string, possible: readonly string[]): string;
}

declare module "@std/assert" {
  type Class<T> = abstract new (...args: never[]) => T;

  export function assert(condition: unknown, message?: string): asserts condition;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertLess<T>(actual: T, expected: T, message?: string): void;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  export function assertThrows<E extends Error>(
    body: () => unknown,
    errorClass: Class<E>,
    messageIncludes?: string,
  ): E;
  export function assertRejects<E extends Error>(
    body: () => PromiseLike<unknown>,
    errorClass: Class<E>,
    messageIncludes?: string,
  ): Promise<E>;
}

declare module "@std/streams/text-line-stream" {
  /** Splits a stream of text at `\n` or `\r\n`. */
  export class TextLineStream extends TransformStream<string, string> {}
}

declare module "@std/streams/to-bytes" {
  /** Reads a stream to its end. */
  export function toBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>>;
}

declare module "@std/streams/to-text" {
  /** Reads a stream of UTF-8 to its end. */
  export function toText(stream: ReadableStream<Uint8Array>): Promise<string>;
}

declare module "@std/data-structures/binary-heap" {
  /** A priority queue; by default the largest value comes first. */
  export class BinaryHeap<T> {
    constructor(compare?: (one: T, other: T) => number);
    peek(): T | undefined;
    pop(): T | undefined;
    push(...values: T[]): number;
  }
}

declare module "@std/data-structures/deque" {
  /** A queue with two ends; each operation at an end takes constant time. */
  export class Deque<T> implements Iterable<T> {
    readonly length: number;
    isEmpty(): boolean;
    peekFront(): T | undefined;
    popFront(): T | undefined;
    pushBack(value: T, ...rest: T[]): number;
    pushFront(value: T, ...rest: T[]): number;
    removeFirst(predicate: (value: T, index: number, deque: this) => boolean): T | undefined;
    clear(): void;
    [Symbol.iterator](): IterableIterator<T>;
  }
}

declare module "@std/text/to-kebab-case" {
  /** A name in kebab case: `acceptFailed` is `accept-failed`. */
  export function toKebabCase(name: string): string;
}

declare module "@std/bytes/concat" {
  /** All of the arrays, one after the other. */
  export function concat(arrays: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
}
