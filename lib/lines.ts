/** Streams of bytes, a line at a time. */
import { type Clock, wait } from "./clock.ts";

const LF = 0x0a;
const LONGEST_LINE = 64 * 1024; // bytes; what is longer goes in pieces

/**
 * The lines of a stream, each with its line end; the last one as it stands.
 *
 * @example
 * ```ts
 * import { linesOf } from "./lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const chunks = ReadableStream.from(["a\nb", "c\n\nd"].map((text) => new TextEncoder().encode(text)));
 * const lines = (await Array.fromAsync(linesOf(chunks))).map((line) => new TextDecoder().decode(line));
 * assertEquals(lines, ["a\n", "bc\n", "\n", "d"]);
 * ```
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let held = new Uint8Array(0);
  for await (const chunk of chunks) {
    let rest = new Uint8Array([...held, ...chunk]);
    for (;;) {
      const end = rest.indexOf(LF) + 1 || (rest.length >= LONGEST_LINE ? LONGEST_LINE : 0);
      if (end === 0) break;
      yield rest.subarray(0, end);
      rest = rest.subarray(end);
    }
    held = rest;
  }
  if (held.length > 0) yield held;
}

/** Sends a stream line by line, `delay` milliseconds apart, then closes the other side. */
export async function sendLines(
  from: ReadableStream<Uint8Array>,
  to: WritableStream<Uint8Array>,
  { delay, clock }: { delay: number; clock: Clock },
): Promise<void> {
  const writer = to.getWriter();
  let first = true;
  for await (const line of linesOf(from)) {
    if (!first) await wait(clock, delay).over;
    first = false;
    await writer.write(line);
  }
  await writer.close();
}
