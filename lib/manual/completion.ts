/**
 * What a completion script is. Each is one file in `completions/` and one line in `completions.ts`.
 */

/** An option, and what may stand as its value: nothing, anything, a file or one of some words. */
export interface CompletedOption {
  readonly name: string;
  readonly short: string | undefined;
  readonly summary: string;
  readonly value: "none" | "any" | "file" | readonly string[];
}

/** A subcommand, its options, and words that may be its arguments. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly words: readonly string[];
  /** Whether files may be its arguments, too. */
  readonly files: boolean;
}

/** The completion of command lines in a shell. */
export interface Completion {
  /** The shell. */
  readonly name: string;
  /** The script that completes these subcommands. Pure. */
  render(commands: readonly CompletedCommand[]): string;
}
