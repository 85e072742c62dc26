/** Exchanges of one's own: what is sent, and what the answer is to be. */
import { seeded } from "../core/random.ts";
import type { Exchange } from "./exchange.ts";
import { type Choose, DatagramDialogue, StreamDialogue } from "./own_dialogue.ts";
import { type ExchangeSpec, OwnRequest } from "./own_request.ts";

const WRONG_ANSWER = "the answer is not what was expected";

/**
 * The exchange that some are, each chosen as often as its weight has it; to be called within
 * `withPatterns`.
 *
 * @throws {UsageError} where one is invalid
 */
export function ownExchange(specs: readonly ExchangeSpec[]): Exchange {
  const parts = specs.map((spec) => new OwnRequest(spec));
  let dialogues = 0;
  return {
    requestBytes: Math.max(...parts.map(({ requestBytes }) => requestBytes)),
    isNothing: false,
    wrongAnswer: WRONG_ANSWER,
    whatIsRight: "what was expected",
    wrongRemark: "WRONG",
    partName: "answer",
    advice: `The peer answers something else: ${WRONG_ANSWER}`,
    open(options) {
      const choose = chooser(parts, dialogues++);
      const Dialogue = options.framed ? DatagramDialogue : StreamDialogue;
      return new Dialogue(choose, options);
    },
  };
}

// The same for a request and its answer, without being remembered; another one in each dialogue.
function chooser(parts: readonly OwnRequest[], dialogue: number): Choose {
  const [first] = parts;
  if (parts.length === 1) return () => first!;
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  return (number) => {
    let left = seeded(dialogue, number)() * total;
    return parts.find(({ weight }) => (left -= weight) < 0) ?? parts.at(-1)!;
  };
}
