/** Playing the client's side of a recording. */
import { type Clock, until } from "../core/clock.ts";
import type { Step } from "../capture/recording.ts";
import type { ReplayAnswers } from "./replay_answers.ts";

const LONG_PAUSE_MS = 60_000;

/** What {@linkcode play} plays to. */
export interface Stage {
  /** Sends bytes. */
  readonly say: (bytes: Uint8Array) => Promise<void>;
  readonly closeWrite: () => Promise<void>;
  readonly reset: () => void;
  readonly answers: Pick<ReplayAnswers, "owe" | "complete" | "closed" | "rest">;
  readonly clock: Clock;
  /** How many times as fast as it was recorded. */
  readonly speed: number;
  /** Called with a pause of the recording that is long, in milliseconds. */
  readonly onPause: (milliseconds: number) => void;
  /** Called with what is waited for. */
  readonly onWait: (what: string) => void;
}

/**
 * Sends each message at its recorded moment, and not before the answers that came before it. A late
 * answer delays all that follow.
 */
export async function play(
  steps: readonly Step[],
  { say, closeWrite, reset, answers, clock, speed, onPause, onWait }: Stage,
): Promise<void> {
  let began = clock.now();
  let answered: number | undefined; // milliseconds after that: an answer that is not waited for yet
  const waitForAnswers = async () => {
    if (answered === undefined) return;
    onWait("an answer");
    await answers.complete(began + answered);
    began = Math.max(began, clock.now() - answered);
    answered = undefined;
  };
  for (const { by, at, what } of steps) {
    const moment = at / speed;
    if (by === "server") {
      if (typeof what === "string") continue;
      answers.owe(what.length);
      answered = moment;
      continue;
    }
    await waitForAnswers();
    const pause = began + moment - clock.now();
    if (pause > LONG_PAUSE_MS) onPause(pause);
    onWait("the next recorded moment");
    await until(clock, began + moment);
    onWait("the peer to take more");
    if (what === "reset") return reset();
    await (what === "fin" ? closeWrite() : say(what));
  }
  await waitForAnswers();
  const close = steps.findLast(({ by, what }) => by === "server" && typeof what === "string");
  if (close) {
    onWait("the peer to close");
    return await answers.closed(began + close.at / speed);
  }
  const last = steps.at(-1);
  if (last?.by !== "client") return;
  // Nothing is recorded of what the peer says to this.
  if (last.what !== "fin") await closeWrite();
  onWait("what the peer says besides");
  await answers.rest();
}
