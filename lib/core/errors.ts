/** The errors that reach a user. Only `main.ts` prints one and maps it to an exit code. */

/** A word that was not found, and the words that would have been. */
export interface Suggestion {
  /** Whether it is an option, which another subcommand may have. */
  readonly isOption?: boolean;
  readonly given: string;
  readonly among: readonly string[];
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly suggestion: Suggestion | undefined;

  /** `suggestion` lets `main.ts` name the nearest valid word. */
  constructor(message: string, suggestion?: Suggestion) {
    super(message);
    this.suggestion = suggestion;
  }
}

/** The network, the peer or this machine failed: exit code 1. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

/** Nothing was heard in time. */
export class TimeoutError extends NetworkError {}

/** A failure that a retry will not cure. */
export class FinalError extends NetworkError {}

/** A gate (`--fail-if`) did not hold: exit code 3. */
export class GateError extends Error {
  override readonly name = "GateError";
}

/** What was waited for did not come: exit code 124, as of timeout(1). */
export class ExpiredError extends Error {
  override readonly name = "ExpiredError";
}
