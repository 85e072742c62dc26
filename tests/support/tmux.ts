/** A terminal of tmux, for what is on the screen after all cursor movements. */
import { assert, assertEquals } from "@std/assert";
import { runProgram } from "./programs.ts";

const MAX_LOOKS = 1000; // each starts a program

/** A program in a terminal of its own. */
export class Tmux implements AsyncDisposable {
  readonly #socket = `netecho-test-${crypto.randomUUID()}`;

  private constructor() {}

  static async start(
    command: string,
    { columns, rows }: { readonly columns: number; readonly rows: number },
  ): Promise<Tmux> {
    const tmux = new Tmux();
    const size = ["-x", String(columns), "-y", String(rows)];
    await tmux.#run("-f", "/dev/null", "new-session", "-d", ...size, command);
    return tmux;
  }

  /** Presses keys by their names in tmux; other words are typed. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#run("send-keys", ...keys);
  }

  async paste(text: string): Promise<void> {
    await this.#run("set-buffer", text, ";", "paste-buffer");
  }

  /** Gives the terminal another width, in columns; the program can know it then. */
  async resize(columns: number): Promise<void> {
    await this.#run("resize-window", "-x", String(columns));
    const terminal = (await this.#run("display-message", "-p", "#{pane_tty}")).trim();
    // tmux tells it a while after it has wrapped what it shows.
    for (let look = 0; look < MAX_LOOKS; look++) {
      const { text: size } = await runProgram(["stty", ["-F", terminal, "size"]]);
      if (size.endsWith(` ${columns}\n`)) return;
    }
    assert(false, `the terminal never has ${columns} columns`);
  }

  /** Waits until the lines of the screen and above it, without empty ones, are such. */
  async shows(isSo: (lines: readonly string[]) => boolean): Promise<void> {
    let lines: string[] = [];
    for (let look = 0; look < MAX_LOOKS; look++) {
      lines = (await this.#run("capture-pane", "-p", "-S", "-")).split("\n").filter((line) =>
        line !== ""
      );
      if (isSo(lines)) return;
    }
    assert(false, `the screen shows:\n${lines.join("\n")}`);
  }

  async #run(...args: readonly string[]): Promise<string> {
    const { code, text, stderr } = await runProgram(["tmux", ["-L", this.#socket, ...args]]);
    assertEquals([code, stderr], [0, ""]);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run("kill-server").catch(() => {}); // it may have ended by itself
  }
}
