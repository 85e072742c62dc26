/** A terminal that cannot move its cursor, as of Emacs' shell: the system edits lines, and echoes. */
import process from "node:process";
import { systemClock } from "../core/clock.ts";
import type { Terminal, TerminalOptions } from "./line_editor.ts";

const PROMPT_DELAY_MS = 20; // milliseconds after a line, in which its answer usually comes

const { stdin, stdout } = process;

/** Lines as they were typed, and no escape sequence. */
export class PlainTerminal implements Terminal {
  readonly #options: TerminalOptions;
  readonly #decoder = new TextDecoder();
  #typed = ""; // of a line that has not ended
  #prompted = false;
  #cancelPrompt = () => {};

  constructor(options: TerminalOptions) {
    this.#options = options;
    stdin.on("data", this.#onInput).on("end", this.#onEnd);
    stdout.write(`${options.greeting}\n`);
    this.#prompt();
  }

  print(text: string): void {
    stdout.write(`${this.#prompted ? "\n" : ""}${text}\n`);
    this.#prompt();
  }

  close(): void {
    this.#cancelPrompt();
    stdin.off("data", this.#onInput).off("end", this.#onEnd).pause();
  }

  readonly #onInput = (bytes: Uint8Array): void => {
    const lines = (this.#typed + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#typed = lines.pop()!;
    if (lines.length === 0) return;
    this.#prompted = false;
    for (const line of lines) this.#options.onLine(line);
    this.#cancelPrompt();
    this.#cancelPrompt = systemClock.after(PROMPT_DELAY_MS, () => this.#prompt());
  };

  readonly #onEnd = (): void => {
    this.close();
    if (this.#typed !== "") this.#options.onLine(this.#typed);
    this.#options.onEnd();
  };

  #prompt(): void {
    this.#cancelPrompt();
    stdout.write(this.#options.prompt);
    this.#prompted = true;
  }
}
