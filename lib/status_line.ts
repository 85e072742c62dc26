/** A line at the bottom of a terminal that changes while others scroll past above it. */
import { type Output, print } from "./output.ts";

const ERASE = "\r\x1b[K"; // back to the margin, and clear the line (ECMA-48 section 8.3.41)
const BARS = "▁▂▃▄▅▆▇█";

/** Where lines are printed. */
export interface Terminal extends Output {
  isTerminal(): boolean;
}

/**
 * Lines, and where the output is a terminal a status below them. Nothing waits for the output: a
 * failure shows at {@linkcode StatusLine.end}.
 */
export class StatusLine {
  readonly #output: Terminal;
  readonly #live: boolean;
  #status = "";
  #text = "";
  #writing: Promise<void> | undefined;

  constructor(output: Terminal) {
    this.#output = output;
    this.#live = output.isTerminal();
  }

  /** Whether a status is shown at all. */
  get live(): boolean {
    return this.#live;
  }

  /** Prints lines, each with its line end. */
  print(lines: string): void {
    this.#write(this.#status === "" ? lines : ERASE + lines + this.#status);
  }

  /** Puts another status in the place of the last; an empty one takes it away. */
  show(status: string): void {
    if (!this.#live || (status === "" && this.#status === "")) return;
    this.#status = shorten(status);
    this.#write(ERASE + this.#status);
  }

  /** Takes the status away, and waits until all is written; rejects where that failed. */
  async end(): Promise<void> {
    this.show("");
    while (this.#writing) await this.#writing;
  }

  #write(text: string): void {
    this.#text += text;
    this.#writing ??= this.#drain();
    this.#writing.catch(() => {}); // for end() to tell
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what is printed in one turn is written in one
    while (this.#text !== "") {
      const text = this.#text;
      this.#text = "";
      await print(this.#output, text);
    }
    this.#writing = undefined;
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

// A line that wraps could not be taken back.
function shorten(line: string): string {
  const columns = width() || 80; // a terminal may say 0
  return line.length < columns ? line : line.slice(0, columns - 1);
}

function width(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 0;
  }
}
