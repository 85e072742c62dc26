/** The search for the highest rate that holds a condition. */
import type { Condition } from "./condition.ts";
import type { BenchResult, Search } from "./result.ts";

const HELD = 0.99; // of the target: a rate that is reached
const CLOSE = 1.05; // the search ends when what held and what did not are this near
const MOST = 10; // trials

/** Runs one load; without a rate as a closed loop, which finds how much there can be at most. */
export type Trial = (rate: number | undefined) => Promise<BenchResult>;

/** Halves the way between what held and what did not, on a scale of ratios. */
export async function findRate(condition: Condition, trial: Trial): Promise<BenchResult> {
  const trials: Search["trials"][number][] = [];
  let best: BenchResult | undefined;
  let last = await trial(undefined);
  let [low, high] = [0, last.rate];
  let target = high / 2;
  while (trials.length < MOST && target >= 1 && (low === 0 || high / low > CLOSE)) {
    last = await trial(target);
    const held = condition.holds(last) && last.rate >= target * HELD;
    const { rate } = last;
    trials.push({ target, rate, value: condition.value(last), held });
    if (held) [low, best] = [target, last];
    else high = target;
    target = low === 0 ? high / 4 : Math.sqrt(low * high);
  }
  const search = { condition: condition.text, trials, ...(best && { highest: low }) };
  return { ...(best ?? last), search };
}
