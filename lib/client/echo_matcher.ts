/** Matching echoes with messages, for a person at a terminal. */
import { preview, TerminalText, wholeCharacters } from "../terminal/sanitize.ts";
import { formatCount, formatDuration, formatQuantity } from "../core/units.ts";

const MAX_ECHO_SHOWN_BYTES = 1024; // bytes of an echo that are shown
const MAX_ANSWER_SHOWN_BYTES = 16 * 1024; // bytes of a chunk that is no echo that are shown

interface Pending {
  readonly message: Uint8Array;
  readonly sentAt: number;
}

/**
 * Pairs echoes with the messages that they answer, by their content and whatever their length, so
 * that a long message or a slow answer does not shift the pairs. What is no echo
 * is shown as it arrives.
 *
 * @example
 * ```ts
 * import { EchoMatcher } from "./echo_matcher.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const hello = new TextEncoder().encode("hello\n");
 * const exchange = new EchoMatcher();
 * exchange.sent(hello, 10);
 * assertEquals(exchange.received(hello, 10.2), ["read 6 bytes in 0.2 ms, echo: hello"]);
 * ```
 */
export class EchoMatcher {
  #pending: Pending[] = [];
  #matched = 0; // bytes of the first pending message that have come back
  #told = 0; // how many of them have been shown as unfinished

  /** Adds a message that was sent at `now`, in milliseconds. */
  sent(message: Uint8Array, now: number): void {
    this.#pending.push({ message, sentAt: now });
  }

  /** Whether an echo has begun to arrive and is not complete. */
  get partial(): boolean {
    return this.#matched > 0;
  }

  /** The lines to show for a chunk that arrived at `now` milliseconds. */
  received(chunk: Uint8Array, now: number): string[] {
    const lines: string[] = [];
    for (let rest = chunk; rest.length > 0;) {
      const head = this.#pending[0];
      if (!head) return [...lines, `read ${formatQuantity(rest.length, "byte")}${body(rest)}`];
      const expected = head.message.subarray(this.#matched, this.#matched + rest.length);
      if (!startsWith(rest, expected)) return [...lines, this.#answer(head, rest, now)];
      rest = rest.subarray(expected.length);
      this.#matched += expected.length;
      if (this.#matched === head.message.length) lines.push(this.#echo(head, now));
    }
    return lines;
  }

  /** The line for an echo that has stopped short, unless that was shown before. */
  unfinished(now: number): string[] {
    const head = this.#pending[0];
    if (!head || this.#matched === this.#told) return [];
    this.#told = this.#matched;
    const echoed = preview(head.message.subarray(0, this.#matched), MAX_ECHO_SHOWN_BYTES);
    return [
      `read ${formatCount(this.#matched)} of ${formatQuantity(head.message.length, "byte")} in ` +
      `${formatDuration(now - head.sentAt)}, echo so far: ${echoed}`,
    ];
  }

  #echo({ message, sentAt }: Pending, now: number): string {
    this.#pending.shift();
    this.#matched = this.#told = 0;
    return `read ${formatQuantity(message.length, "byte")} in ${formatDuration(now - sentAt)}, ` +
      `echo: ${preview(withoutLineEnd(message), MAX_ECHO_SHOWN_BYTES)}`;
  }

  // The peer sends something else than the message: it does not echo, and no echo is waited for.
  #answer({ message, sentAt }: Pending, rest: Uint8Array, now: number): string {
    const whole = new Uint8Array([...message.subarray(0, this.#matched), ...rest]);
    this.#pending = [];
    this.#matched = this.#told = 0;
    return `read ${formatQuantity(whole.length, "byte")} in ${formatDuration(now - sentAt)}` +
      body(whole);
  }
}

// One line is shown beside its heading, several below it.
function body(bytes: Uint8Array): string {
  const terminal = new TerminalText();
  const shown = wholeCharacters(bytes, MAX_ANSWER_SHOWN_BYTES);
  const rest = bytes.length - shown.length;
  const text = (terminal.push(shown) + terminal.end()).replace(/\n$/, "") +
    (rest > 0 ? `… (${rest} more)` : "");
  return text.includes("\n") ? `:\n${text}` : `: ${text}`;
}

function withoutLineEnd(message: Uint8Array): Uint8Array {
  let end = message.length;
  if (message[end - 1] === 0x0a) end -= message[end - 2] === 0x0d ? 2 : 1;
  return message.subarray(0, end);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => byte === bytes[index]);
}
