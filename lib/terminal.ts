/** A terminal that edits lines while other lines appear above them. */
import process from "node:process";
import { PassThrough } from "node:stream";
import { clearScreenDown, createInterface, cursorTo, moveCursor } from "node:readline";
import { systemClock } from "./clock.ts";

// Milliseconds. Drawing the prompt at once would take the time that the answer is measured by.
const PROMPT_DELAY = 20;

// Several characters at once, none of which edits. The editor measures the whole line for each key
// that it is given, so that a long paste would take minutes.
const PASTE = /^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{2,}$/;

/** How a terminal begins, and who learns what happens at it. */
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
  /** Gives the terminal back as it was. */
  close(): void;
}

/**
 * Opens the terminal of this process with line editing and history. Lines are not limited to the
 * 4,095 bytes that the kernel's own line editing takes.
 */
export function openTerminal(options: TerminalOptions): Terminal {
  const { stdin, stdout: output } = process;
  const keys = Object.assign(new PassThrough(), {
    setRawMode: (raw: boolean) => stdin.setRawMode(raw),
  });
  const editor = createInterface({
    input: keys,
    output,
    prompt: options.prompt,
    terminal: true,
  });
  let editing = true;
  let cancelPrompt = () => {};
  const stopEditing = () => {
    editing = false;
    cancelPrompt();
    stdin.off("data", onInput).pause();
    editor.close();
  };
  const prompt = () => {
    cancelPrompt();
    if (editing) editor.prompt(true);
  };
  const clearLine = () => {
    moveCursor(output, 0, -editor.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
  };
  const decoder = new TextDecoder();
  const onInput = (bytes: Uint8Array) => {
    const text = decoder.decode(bytes, { stream: true });
    if (PASTE.test(text)) editor.write(text);
    else keys.write(text);
  };
  stdin.on("data", onInput);
  // Once the editor has given the keys back, Ctrl-C is a signal again.
  Deno.addSignalListener("SIGINT", options.onInterrupt);
  editor.on("SIGINT", options.onInterrupt);
  editor.on("line", (line) => {
    options.onLine(line);
    cancelPrompt = systemClock.after(PROMPT_DELAY, prompt);
  });
  editor.on("close", () => {
    if (!editing) return;
    clearLine();
    stopEditing();
    options.onEnd();
  });
  output.write(`${options.greeting}\n`);
  prompt();
  return {
    print(text) {
      if (editing) clearLine();
      output.write(`${text}\n`);
      prompt();
    },
    close() {
      if (editing) {
        clearLine();
        stopEditing();
      }
      Deno.removeSignalListener("SIGINT", options.onInterrupt);
    },
  };
}
