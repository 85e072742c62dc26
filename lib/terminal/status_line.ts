/** A line at the bottom of a terminal that changes while others scroll past above it. */
import { BatchWriter } from "../core/batch_writer.ts";
import type { Screen } from "../core/io.ts";
import { LONGEST_WAIT_MS } from "../core/units.ts";
import { environmentVariable } from "../core/runtime.ts";
import { columns } from "./output.ts";

const ERASE = "\r\x1b[K"; // back to the margin, and clear the line (ECMA-48 section 8.3.41)
const BARS = "▁▂▃▄▅▆▇█";

const COLUMNS_FOR_INTERRUPT = 2; // a terminal shows ^C behind the line
const MAX_QUEUED = 1 << 20; // characters that may wait for a slow reader

/** How a {@linkcode StatusLine} shows. */
export interface StatusOptions {
  /** Says that so many lines were left out, in a line. */
  readonly describeMissed?: (count: number) => string;
  /** Whether a status is shown; by default on a terminal that can erase it. */
  readonly live?: boolean | undefined;
}

/**
 * Lines, and where the output is a terminal a status below them. Nothing waits for the output:
 * lines that a slow reader leaves no room for are counted, and the count is printed when there is
 * room.
 */
export class StatusLine {
  readonly #writer: BatchWriter;
  readonly #live: boolean;
  readonly #describeMissed: (count: number) => string;
  readonly #failed = Promise.withResolvers<never>();
  #status = "";
  #missed = 0;

  constructor(output: Screen, { describeMissed = () => "", live }: StatusOptions = {}) {
    this.#writer = new BatchWriter(output, { onError: this.#failed.reject });
    const canErase = environmentVariable("TERM") !== "dumb";
    this.#live = live ?? (output.isTerminal() && canErase);
    this.#describeMissed = describeMissed;
    this.#failed.promise.catch(() => {}); // rejects for those who use it
  }

  /** Whether a status is shown at all. */
  get live(): boolean {
    return this.#live;
  }

  /** Rejects when nothing more can be printed. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Prints lines, each with its line end. */
  print(lines: string): void {
    if (this.#writer.backlog > MAX_QUEUED) this.#missed++;
    else this.#write(this.#status === "" ? lines : ERASE + lines + this.#status);
  }

  /** Replaces the status; an empty one removes it. */
  show(status: string): void {
    if (!this.#live || (status === "" && this.#status === "")) return;
    this.#status = shorten(status);
    this.#write(ERASE + this.#status);
  }

  /** Removes the status by a writer that does not wait, for a program that is about to end. */
  eraseSync(write: (bytes: Uint8Array) => void): void {
    if (this.#status !== "") write(new TextEncoder().encode(ERASE));
    this.#status = "";
  }

  /** Removes the status, prints the last lines, and waits until all is written. */
  async end(lines = ""): Promise<void> {
    this.show("");
    this.#write(lines);
    await Promise.race([this.#writer.flush(LONGEST_WAIT_MS), this.#failed.promise]);
  }

  #write(text: string): void {
    if (this.#missed > 0) this.#writer.push(this.#describeMissed(this.#missed));
    this.#missed = 0;
    this.#writer.push(text);
  }
}

/**
 * A bar for each of the numbers, as high as it is between 0 and the largest.
 *
 * @example
 * ```ts
 * import { sparkline } from "./status_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(sparkline([1, 2, 4, 8]), "▁▂▄█");
 * ```
 */
export function sparkline(numbers: readonly number[]): string {
  const largest = Math.max(...numbers);
  const bar = (number: number) =>
    BARS[Math.max(0, Math.ceil(number / largest * BARS.length) - 1)] ?? BARS[0];
  return numbers.map(bar).join("");
}

// A line that wraps could not be erased.
function shorten(line: string): string {
  const width = columns() - COLUMNS_FOR_INTERRUPT;
  return line.length < width ? line : line.slice(0, width - 1);
}
