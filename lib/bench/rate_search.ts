/** The search for the highest rate that holds a condition. */
import type { Condition } from "../report/conditions.ts";
import { isHeld } from "../report/load.ts";
import type { BenchResult, Search } from "../report/result.ts";

const CLOSE_ENOUGH_RATIO = 1.05; // of the lowest rate that broke to the highest that held
const MAX_TRIALS = 10; // trials

/** Runs one load; without a rate as a closed loop, which finds the highest rate to try. */
export type Trial = (rate: number | undefined) => Promise<BenchResult>;

/**
 * Bisects between the rates that held and that broke, on a scale of ratios, until `isStopped`. The
 * rate of the closed loop is the highest that is tried.
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
    // Other work on the machine can only break a trial, so a trial that broke is run again.
    if (!holds(tried) && !isStopped()) tried = await trial(target);
    if (isStopped()) break; // an interrupted trial is not counted
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
