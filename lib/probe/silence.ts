/** How long a connection may be silent, and how it ends where that is too long. */
import { type Clock, delay, settlesWithin } from "../core/clock.ts";
import { isReset, reasonOf } from "../core/explain.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Dialogue, Exchange } from "./exchange.ts";

/**
 * What became of a silence: it was survived; the peer, or something between, ended the connection by
 * FIN or by RST; what was sent after it was swallowed; it was broken off; or nothing was answered
 * before it.
 */
export type SilenceOutcome = "survived" | "fin" | "reset" | "swallowed" | "stopped" | "unanswered";

/** A silence, and what became of it. Times in milliseconds. */
export interface SilenceResult {
  readonly silenceMs: number;
  readonly outcome: SilenceOutcome;
  /** When the connection ended, since the last answer; absent where that was not seen. */
  readonly endedAfterMs?: number;
  /** What else is known of the end. */
  readonly detail?: string;
}

/** How a silence is tried. */
export interface SilenceOptions {
  readonly clock: Clock;
  readonly exchange: Exchange;
  /** Milliseconds. */
  readonly silence: number;
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
  /** Resolves when it is to be broken off. */
  readonly stop: Promise<void>;
}

/** Asks once, is silent, and asks again; then closes the peer. */
export async function trySilence(peer: Duplex, options: SilenceOptions): Promise<SilenceResult> {
  const { silence: silenceMs } = options;
  const trial = new Trial(peer, options);
  try {
    if (!await trial.ask(1)) return { silenceMs, ...trial.ending(), outcome: "unanswered" };
    if (await trial.beSilent()) return { silenceMs, outcome: "stopped" };
    const during = trial.ending();
    if (during) return { silenceMs, ...during };
    if (await trial.ask(2)) return { silenceMs, outcome: "survived" };
    return { silenceMs, ...trial.ending() ?? { outcome: "swallowed" } };
  } finally {
    peer.close();
  }
}

type Ending = Pick<SilenceResult, "outcome" | "endedAfterMs" | "detail">;

class Trial {
  #ending: Ending | undefined;
  readonly #peer: Duplex;
  readonly #options: SilenceOptions;
  readonly #dialogue: Dialogue;
  readonly #over: Promise<void>;
  #answered = Promise.withResolvers<void>();
  #lastAnswer: number;

  constructor(peer: Duplex, options: SilenceOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#lastAnswer = options.clock.now();
    this.#dialogue = options.exchange.open({
      framed: peer.framed,
      batch: 1,
      onAnswer: () => this.#answered.resolve(),
      onStray() {},
    });
    this.#over = this.#read();
  }

  /** How the connection has ended; undefined while it has not. */
  ending(): Ending | undefined {
    return this.#ending;
  }

  /** Sends a request; returns whether it was answered in time, and before the connection ended. */
  async ask(number: number): Promise<boolean> {
    const { clock, timeout } = this.#options;
    let isAnswered = false;
    this.#answered = Promise.withResolvers();
    // The next may be asked for before this one is written.
    const request = this.#dialogue.requests(number, 1).slice();
    this.#peer.write(request).catch((error) => this.#end(error));
    const answered = this.#answered.promise.then(() => isAnswered = true);
    await settlesWithin(Promise.race([answered, this.#over]), { clock, milliseconds: timeout });
    this.#lastAnswer = clock.now();
    return isAnswered;
  }

  /** Says nothing until the time is over, or the connection; returns whether it was broken off. */
  async beSilent(): Promise<boolean> {
    const { clock, silence, stop } = this.#options;
    const limit = new AbortController();
    let stopped = false;
    const waiting = delay(silence, { clock, signal: limit.signal });
    await Promise.race([waiting, this.#over, stop.then(() => stopped = true)]);
    limit.abort();
    return stopped;
  }

  async #read(): Promise<void> {
    try {
      for (let chunk = await this.#peer.read(); chunk; chunk = await this.#peer.read()) {
        this.#dialogue.received(chunk);
      }
      this.#end();
    } catch (error) {
      this.#end(error);
    }
  }

  #end(error?: unknown): void {
    this.#ending ??= {
      outcome: error === undefined ? "fin" : "reset",
      endedAfterMs: this.#options.clock.now() - this.#lastAnswer,
      ...(error !== undefined && !isReset(error) && { detail: reasonOf(error) }),
    };
  }
}
