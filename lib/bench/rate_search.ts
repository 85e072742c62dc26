/** The search for the highest rate that holds a condition. */
import type { Condition } from "../report/conditions.ts";
import { isHeld } from "../report/load.ts";
import type { BenchResult, Search } from "../report/result.ts";

const CLOSE_ENOUGH_RATIO = 1.05; // the search ends when what held and what did not are this near
const MAX_TRIALS = 10; // trials

/** Runs one load; without a rate as a closed loop, which finds how much there can be at most. */
export type Trial = (rate: number | undefined) => Promise<BenchResult>;

/**
 * Halves the way between what held and what did not, on a scale of ratios, until `isStopped`. The
 * closed loop's rate is the most that is tried.
 *
 * @throws {NetworkError} where a trial cannot be run
 */
export async function findRate(
  condition: Condition,
  { trial, isStopped }: { readonly trial: Trial; readonly isStopped: () => boolean },
): Promise<BenchResult> {
  const trials: Search["trials"][number][] = [];
  let best: BenchResult | undefined;
  let last = await trial(undefined);
  let [low, high] = [0, last.rate];
  let target = high;
  const isOver = () =>
    isStopped() || trials.length === MAX_TRIALS || target < 1 ||
    (low > 0 && high / low <= CLOSE_ENOUGH_RATIO);
  while (!isOver()) {
    const holds = (result: BenchResult) =>
      condition.holds(result) && isHeld(result.rate, { target });
    let tried = await trial(target);
    // Other work on the machine only ever breaks a trial: one that broke has a second chance.
    if (!holds(tried) && !isStopped()) tried = await trial(target);
    if (isStopped()) break; // it was cut short, and says nothing
    last = tried;
    const { rate } = tried;
    const held = holds(tried);
    const value = condition.value(tried);
    trials.push({ target, rate, held, ...(Number.isFinite(value) && { value }) });
    if (held) [low, best] = [target, tried];
    else high = target;
    target = low === 0 ? high / 4 : Math.sqrt(low * high);
  }
  const search = { condition: condition.text, trials, ...(best && { highest: low }) };
  return { ...(best ?? last), search };
}
