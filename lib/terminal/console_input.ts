/** What is typed on a console of Windows. */
import type { Reader } from "../core/io.ts";
import { mayCall } from "../core/runtime.ts";

// <winbase.h>
const LIBRARY = "kernel32.dll";
const STD_INPUT_HANDLE = -10;

const MAX_UNITS = 8192; // of UTF-16 in a line
const CTRL_Z = "\x1a"; // at the beginning of a line it ends the input

/**
 * Standard input. On a console of Windows the runtime reads it in the console's code page, where most
 * characters are lost (denoland/deno#18240): there ReadConsoleW is called, where that is permitted.
 */
export function standardInput(): Reader {
  const isConsole = Deno.build.os === "windows" && Deno.stdin.isTerminal();
  return isConsole && mayCall(LIBRARY) ? new ConsoleInput(consoleReader()) : Deno.stdin;
}

/** The lines of a console as UTF-8. */
export class ConsoleInput implements Reader {
  readonly #readLine: () => Promise<string>;
  readonly #encoder = new TextEncoder();
  #rest = new Uint8Array(0); // of a line
  #isLineStart = true;

  /** @param readLine resolves with what was typed, up to a line end if there is room for all of it */
  constructor(readLine: () => Promise<string>) {
    this.#readLine = readLine;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const line = await this.#readLine();
      if (this.#isLineStart && line.startsWith(CTRL_Z)) return null;
      this.#isLineStart = line.endsWith("\n");
      this.#rest = this.#encoder.encode(line);
    }
    const length = Math.min(this.#rest.length, into.length);
    into.set(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
    return length;
  }
}

function consoleReader(): () => Promise<string> {
  const { symbols } = Deno.dlopen(LIBRARY, {
    GetStdHandle: { parameters: ["i32"], result: "pointer" },
    ReadConsoleW: {
      parameters: ["pointer", "buffer", "u32", "buffer", "pointer"],
      result: "i32",
      nonblocking: true,
    },
  });
  const handle = symbols.GetStdHandle(STD_INPUT_HANDLE);
  const units = new Uint16Array(MAX_UNITS);
  const count = new Uint32Array(1);
  const [text, length] = [new Uint8Array(units.buffer), new Uint8Array(count.buffer)];
  const decoder = new TextDecoder("utf-16le", { ignoreBOM: true });
  return async () => {
    let line = "";
    // Ctrl-C ends a call without a character; half of one may be all that there was room for.
    while (line === "") {
      const isRead = await symbols.ReadConsoleW(handle, text, MAX_UNITS, length, null);
      if (!isRead) throw new Error("ReadConsoleW failed");
      line = decoder.decode(text.subarray(0, 2 * count[0]!), { stream: true });
    }
    return line;
  };
}
