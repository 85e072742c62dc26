/** Numbered messages, which the peer is to send back. */
import type { Dialogue, DialogueOptions, Exchange } from "./exchange.ts";
import { answersOf, Messages, NO_ECHO } from "./messages.ts";

const NOT_ECHOED = "the answer is not what was sent";

/** An echo of messages of so many bytes; with 0 a connection is all that is asked for. */
export function echoExchange(size: number): Exchange {
  return {
    requestBytes: size,
    isNothing: size === 0,
    wrongAnswer: NOT_ECHOED,
    whatIsRight: "what was sent",
    wrongRemark: "CORRUPT",
    partName: "echo",
    advice: `The peer does not echo: ${NOT_ECHOED}${NO_ECHO}`,
    open: (options) => echoDialogue(size, options),
  };
}

function echoDialogue(
  size: number,
  { framed, batch, first = 1, onAnswer }: DialogueOptions,
): Dialogue {
  const messages = new Messages({ size, batch: framed ? 1 : batch });
  const answers = answersOf({ framed }, { size, first, onAnswer });
  return {
    get pending() {
      return answers.pending;
    },
    requests: (first, count) => messages.from(first, count),
    received: (chunk) => answers.received(chunk),
  };
}
