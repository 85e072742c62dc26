/** A terminal that edits lines while other lines appear above them. */
import process from "node:process";
import { PassThrough } from "node:stream";
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from "node:readline";
import { systemClock } from "../core/clock.ts";
import { columns } from "./output.ts";

// Milliseconds. Drawing the prompt at once would take the time that the answer is measured by.
const PROMPT_DELAY_MS = 20;

// Several characters at once, without editing keys. The editor measures the whole line for each key
// that it is given, so that a long paste would take minutes.
const PASTE = /^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{2,}$/;

/** How a terminal is opened, and what is called. */
export interface TerminalOptions {
  /** A line to begin with. */
  readonly greeting: string;
  readonly prompt: string;
  /** A line was entered; it comes without its end. */
  readonly onLine: (line: string) => void;
  /** Ctrl-D on an empty line: there will be no more lines. */
  readonly onEnd: () => void;
  /** Ctrl-C. */
  readonly onInterrupt: () => void;
}

/** An open terminal. */
export interface Terminal {
  /** Shows lines above the one being edited, which is drawn again below them. */
  print(lines: string): void;
  /** Restores the terminal. */
  close(): void;
}

/**
 * Opens the terminal of this process with line editing and history. Lines are not limited to the
 * 4,095 bytes that the kernel's own line editing takes.
 */
export function openTerminal(options: TerminalOptions): Terminal {
  return new LineEditor(options);
}

const { stdin, stdout } = process;

class LineEditor implements Terminal {
  readonly #options: TerminalOptions;
  readonly #keys = Object.assign(new PassThrough(), {
    setRawMode: (raw: boolean) => stdin.setRawMode(raw),
  });
  readonly #editor: Interface;
  readonly #decoder = new TextDecoder();
  #editing = true;
  #cancelPrompt = () => {};

  constructor(options: TerminalOptions) {
    this.#options = options;
    const { prompt, greeting, onInterrupt } = options;
    const settings = { input: this.#keys, output: stdout, prompt, terminal: true };
    stdout.on("resize", this.#onResize); // before the editor, which draws the line again
    this.#editor = createInterface(settings);
    this.#editor.on("SIGINT", onInterrupt);
    this.#editor.on("line", (line) => this.#onLine(line));
    this.#editor.on("close", () => this.#onClose());
    stdin.on("data", this.#onInput);
    stdout.write(`${greeting}\n`);
    this.#prompt();
  }

  print(text: string): void {
    if (this.#editing) this.#clearLine();
    stdout.write(`${text}\n`);
    this.#prompt();
  }

  close(): void {
    if (this.#editing) {
      this.#clearLine();
      this.#stopEditing();
    }
  }

  readonly #onInput = (bytes: Uint8Array): void => {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (!PASTE.test(text)) return void this.#keys.write(text);
    this.#editor.write(text);
    const wraps = this.#editor.getCursorPos().rows > 0;
    if (!wraps || /[\r\n]/.test(text)) return;
    this.#clearLine();
    this.#prompt();
  };

  // A terminal that has another width wraps what it shows anew, and moves the cursor with it.
  readonly #onResize = (): void => this.#knowRowsAbove(this.#editor.getCursorPos().rows);

  #onLine(line: string): void {
    this.#options.onLine(line);
    this.#cancelPrompt = systemClock.after(PROMPT_DELAY_MS, () => this.#prompt());
  }

  // The editor closes itself at Ctrl-D.
  #onClose(): void {
    if (!this.#editing) return;
    this.#clearLine();
    this.#stopEditing();
    this.#options.onEnd();
  }

  #stopEditing(): void {
    this.#editing = false;
    this.#cancelPrompt();
    stdin.off("data", this.#onInput).pause();
    stdout.off("resize", this.#onResize);
    this.#editor.close();
  }

  #prompt(): void {
    this.#cancelPrompt();
    if (this.#editing) this.#editor.prompt(true);
  }

  #clearLine(): void {
    // Some runtimes' are out of date until they have told of a new width.
    if (stdout.columns !== columns()) stdout.columns = columns();
    moveCursor(stdout, 0, -this.#editor.getCursorPos().rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
    this.#knowRowsAbove(0);
  }

  // To draw the line again, the editor moves up by the rows that it drew above the cursor.
  #knowRowsAbove(rows: number): void {
    (this.#editor as { prevRows?: number }).prevRows = rows;
  }
}
